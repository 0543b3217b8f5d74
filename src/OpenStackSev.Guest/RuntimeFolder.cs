namespace OpenStackSev.Guest;

/// <summary>Token, socket and lock of the one attester of this machine: <c>/run/openstack-sev</c>.</summary>
internal sealed class RuntimeFolder : IDisposable
{
    public const string Usual = "/run/openstack-sev";
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly FileStream held;

    private RuntimeFolder(string path, FileStream held) => (Path, this.held) = (path, held);

    public string Path { get; }

    public string Token => System.IO.Path.Join(Path, "token");

    public string Socket => SocketOf(Path);

    public static string SocketOf(string folder) => System.IO.Path.Join(folder, "guest.sock");

    /// <exception cref="RuntimeFolderException">It cannot be used, or another attester does.</exception>
    public static RuntimeFolder Open(string path)
    {
        try
        {
            if (!Directory.Exists(path))
                Directory.CreateDirectory(path, Mode);
            return new RuntimeFolder(path, new FileStream(System.IO.Path.Join(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (File.Exists(System.IO.Path.Join(path, "lock")))
        {
            throw new RuntimeFolderException($"runtime folder {path} is in use by another attester: {e.Message.TrimEnd('.')}", ExitCodes.TryLater, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RuntimeFolderException($"runtime folder {path} cannot be used: {e.Message.TrimEnd('.')}", ExitCodes.Failed, e);
        }
    }

    /// <summary>The lock's file stays: who took it away could take it from another one.</summary>
    public void Dispose() => held.Dispose();
}

internal sealed class RuntimeFolderException(string message, int exitCode, Exception inner) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
