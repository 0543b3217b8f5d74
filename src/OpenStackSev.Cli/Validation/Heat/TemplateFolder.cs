using System.Text;
using OpenStackSev.Inspection;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Validation.Heat;

/// <summary>Reads a template and its environments from files, with all files that they name.</summary>
/// <remarks>
/// A template is often somebody else's, and names files: only those at or below the folders of the files of the command line are read, also
/// through links, so that nothing else of this machine comes into what is printed.
/// </remarks>
internal sealed class TemplateFolder
{
    private const long MaximumTotal = 16L * 1024 * 1024;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, TemplateMap> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly Queue<(string Path, bool Text)> _open = new();
    private readonly string[] _roots;
    private long _total;

    private TemplateFolder(string[] named) => _roots = [.. named.Select(path => Real(Path.GetDirectoryName(path)!)).Distinct(StringComparer.Ordinal)];

    /// <exception cref="CommandException">A file of the command line cannot be read, or one that another one names is beyond the bounds.</exception>
    public static TemplateFiles Read(string template, IReadOnlyList<string> environments)
    {
        string main = Path.GetFullPath(template);
        string[] laid = [.. environments.Select(path => Path.GetFullPath(path))];
        var folder = new TemplateFolder([main, .. laid]);
        folder.ReadNamed("--heat", main, environment: false);
        foreach (string path in laid)
            folder.ReadNamed("--environment", path, environment: true);
        while (folder._open.TryDequeue(out var next))
            folder.ReadFound(next.Path, next.Text);
        return new TemplateFiles(main, laid, folder._documents, folder._texts);
    }

    private void ReadNamed(string option, string path, bool environment)
    {
        ReadOnlyMemory<byte> content = SpecFile.Read(option, path, TemplateFiles.MaximumBytes);
        Add(path, Parsed(path, content, problem => SpecFile.Malformed(option, path, problem, environment ? "it must be an environment of Heat" : "it must be a template of Heat")), environment);
    }

    /// <summary>What a template names and is not there, or not below a folder of the command line, stays unread: the reading says so.</summary>
    private void ReadFound(string path, bool text)
    {
        if (!File.Exists(path) || !IsBelow(path))
            return;
        if (_documents.Count + _texts.Count == TemplateFiles.MaximumFiles)
            throw Refused(path, $"is one more than the {TemplateFiles.MaximumFiles} files that are read");
        ReadOnlyMemory<byte> content = SpecFile.Read("--heat", path, TemplateFiles.MaximumBytes);
        if (text)
            _texts[path] = Decoded(content) ?? "";
        else
            Add(path, Parsed(path, content, problem => Refused(path, problem)), environment: false);
    }

    private void Add(string path, TemplateMap document, bool environment)
    {
        _documents[path] = document;
        string folder = Path.GetDirectoryName(path)!;
        foreach (string named in TemplateFiles.TemplatesIn(document, environment))
            Enqueue(named, folder, text: false);
        foreach (string named in TemplateFiles.TextsIn(document))
            Enqueue(named, folder, text: true);
    }

    private void Enqueue(string named, string folder, bool text)
    {
        if (TemplateFiles.Located(named, folder) is not { } path)
            return;
        if (!_documents.ContainsKey(path) && _seen.Add($"{text} {path}"))
            _open.Enqueue((path, text));
    }

    private TemplateMap Parsed(string path, ReadOnlyMemory<byte> content, Func<string, CommandException> failed)
    {
        _total += content.Length;
        if (_total > MaximumTotal)
            throw Refused(path, $"is beyond {MaximumTotal} bytes of files");
        if (Decoded(content) is not { } text)
            throw failed("is not UTF-8");
        return TemplateYaml.Parse(text, out string? problem) ?? throw failed(problem!);
    }

    private static string? Decoded(ReadOnlyMemory<byte> content)
    {
        try
        {
            return s_strict.GetString(content.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private bool IsBelow(string path)
    {
        string real = Real(path);
        return _roots.Any(root => real.StartsWith(root.EndsWith('/') ? root : root + "/", StringComparison.Ordinal));
    }

    /// <summary>Where links lead to, in each part of the path.</summary>
    private static string Real(string path)
    {
        string real = "/";
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Join(real, part);
            FileSystemInfo info = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
            try
            {
                if (info.LinkTarget is not null && info.ResolveLinkTarget(returnFinalTarget: true) is { } target)
                    real = Path.GetFullPath(target.FullName);
            }
            catch (IOException)
            {
                return "";   // links in a circle: below nothing
            }
        }
        return real;
    }

    private static CommandException Refused(string path, string problem) =>
        new($"{Printable.Of(path)}: {Printable.Of(problem)}", "the template, or an environment, names this file", ExitCode.NotJudged);
}
