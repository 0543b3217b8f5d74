using System.Text;

namespace OpenStackSev.Guest.Handover;

/// <summary>The current token as a file: one line, mode 0640, whole or not there.</summary>
internal sealed class TokenFile(string path)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    public string Path { get; } = path;

    /// <param name="token">Null takes the file away.</param>
    /// <exception cref="IOException">The folder is full or gone.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not ours.</exception>
    public void Put(string? token)
    {
        if (token is null)
        {
            File.Delete(Path);
            return;
        }

        // One name: what a killed process left is replaced, and not kept for ever.
        string beside = Path + ".new";
        File.Delete(beside);
        using (FileStream stream = new(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Mode }))
        {
            // Whatever the process' umask is.
            File.SetUnixFileMode(stream.SafeFileHandle, Mode);
            stream.Write(Encoding.ASCII.GetBytes(token + "\n"));
        }

        File.Move(beside, Path, overwrite: true);
    }
}
