using System.CommandLine;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary>Where keys and certificates are written: never over what is there.</summary>
internal sealed class OutputFolder
{
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string path;

    private OutputFolder(string path) => this.path = path;

    public static Option<string> Option(string description) => new("--out", "-o") { Description = description + " Default: the current one.", HelpName = "DIR", DefaultValueFactory = _ => "." };

    public static OutputFolder Of(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            return new OutputFolder(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path}: {e.Message.TrimEnd('.')}", "give a folder that may be written with --out", inner: e);
        }
    }

    /// <exception cref="CommandException">It is there already, or cannot be written.</exception>
    public string WriteNew(string name, string text, bool secret) => Write(name, text, secret, FileMode.CreateNew);

    /// <inheritdoc cref="WriteNew(string, string, bool)"/>
    public string WriteNew(string name, ReadOnlySpan<byte> content) => Write(name, content, secret: false, FileMode.CreateNew);

    /// <summary>A certificate in the place of an older one on the same key.</summary>
    public string Replace(string name, string text) => Write(name, text, secret: false, FileMode.Create);

    private string Write(string name, string text, bool secret, FileMode mode) => Write(name, System.Text.Encoding.UTF8.GetBytes(text), secret, mode);

    private string Write(string name, ReadOnlySpan<byte> content, bool secret, FileMode mode)
    {
        string file = Path.Join(path, name);
        try
        {
            using var stream = new FileStream(file, new FileStreamOptions { Mode = mode, Access = FileAccess.Write, UnixCreateMode = secret ? Secret : Public });
            stream.Write(content);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file}: {e.Message.TrimEnd('.')}", "name another folder with --out, or move away what is there", inner: e);
        }
    }
}
