using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Endorsements;

namespace OpenStackSev.Cli.Endorsements;

/// <summary><c>osev endorsements export</c>: the folder as one file or folder, for a place without a network.</summary>
internal static class Export
{
    public static Command Create(CommandConsole console)
    {
        EndorsementOptions common = new();
        Option<string> output = new("--out", "-o") { Description = "A tar, when the name ends in .tar; else a folder, new or empty.", HelpName = "FILE.tar|DIR" };
        OsevCommand command = new("export", "Write the folder as a bundle with SHA-256 of each file; the same folder gives the same bytes.",
            "osev endorsements export --out bundle.tar",
            "osev endorsements export --out ./exported && (cd exported && sha256sum -c SHA256SUMS)")
        {
            output, common.Folder, common.SimulatedRoots,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(output) is { Length: > 0 } named ? named
                : throw CommandException.BadUsage("--out is missing", "osev endorsements export --out bundle.tar");
            OpenStackSev.Endorsements.EndorsementFolder folder = common.FolderOf(parsed);
            EndorsementInventory inventory = EndorsementInventory.Read(folder, common.RootsOf(parsed), TimeProvider.System.GetUtcNow());
            IReadOnlyList<ArchivedFile> files = EndorsementArchive.Of(folder, inventory, out IReadOnlyList<Finding> leftOut);
            if (files.Count == 1)
                throw new CommandException($"{folder.Path} has no certificate and no CRL", "osev endorsements fetch brings some, or name another folder with --folder");
            try
            {
                if (path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase))
                    WriteTar(path, files);
                else
                    WriteFolder(path, files);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CommandException($"--out {path}: {e.Message.TrimEnd('.')}", "name a place that is yours", inner: e);
            }
            foreach (Finding finding in leftOut)
                EndorsementOptions.WriteWarning(console, finding);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(new ExportDocument(Path.GetFullPath(path), [.. files.Select(file => file.Name)]), ExportJson.Default.ExportDocument);
            else
                console.WriteLine($"{files.Count - 1} files in {path}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static void WriteTar(string path, IReadOnlyList<ArchivedFile> files)
    {
        string beside = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            using (FileStream stream = new(beside, FileMode.CreateNew, FileAccess.Write))
                EndorsementArchive.WriteTar(stream, files);
            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    private static void WriteFolder(string path, IReadOnlyList<ArchivedFile> files)
    {
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            throw new CommandException($"--out {path}: is not empty", "name a new folder, or a file that ends in .tar");
        // The names are those of an endorsement folder, which come from what the files hold.
        foreach (ArchivedFile file in files)
        {
            string target = Path.Join(path, file.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, file.Content.Span);
        }
    }
}

/// <summary>Result of <c>endorsements export</c> as JSON.</summary>
internal sealed record ExportDocument(string Out, IReadOnlyList<string> Files);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ExportDocument))]
internal sealed partial class ExportJson : JsonSerializerContext;
