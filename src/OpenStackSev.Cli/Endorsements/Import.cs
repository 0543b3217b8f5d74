using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.Endorsements;

namespace OpenStackSev.Cli.Endorsements;

/// <summary><c>osev endorsements import</c>: brings files into the folder, each under what it holds.</summary>
internal static class Import
{
    public static Command Create(CommandConsole console)
    {
        EndorsementOptions common = new();
        Argument<string[]> paths = new("path") { Description = "Files and folders: DER, PEM, several PEM in one file, CRLs, an exported bundle.", Arity = ArgumentArity.OneOrMore };
        OsevCommand command = new("import", "Bring certificates and CRLs into the folder. Each must lead to a root of AMD's; what is there and good stays.",
            "osev endorsements import bundle.tar",
            "osev endorsements import cert_chain.pem vcek.der vcek.crl",
            "osev endorsements import ./exported --folder /var/lib/openstack-sev/endorsements",
            "osev endorsements import ./chain --simulated-root ./chain/ark.pem")
        {
            paths, common.Folder, common.SimulatedRoots,
        };
        command.SetAction(parsed =>
        {
            string[] named = parsed.GetRequiredValue(paths);
            if (named.FirstOrDefault(path => !Path.Exists(path)) is { } absent)
                throw CommandException.BadUsage($"{absent}: there is no such file", "name files and folders that are there");
            OpenStackSev.Endorsements.EndorsementFolder folder = common.FolderOf(parsed);
            IReadOnlyList<ImportedItem> items = EndorsementImport.Import(folder, named, common.RootsOf(parsed), TimeProvider.System.GetUtcNow());
            if (parsed.Format() == OutputFormat.Json)
            {
                console.WriteJson(new ImportDocument(folder.Path, [.. items.Select(ImportedDocument.Of)]), ImportJson.Default.ImportDocument);
            }
            else
            {
                foreach (ImportedItem item in items)
                    console.WriteLine(Line(item), item.Outcome == ImportOutcome.Refused ? "red" : "default");
            }
            int refused = items.Count(item => item.Outcome == ImportOutcome.Refused);
            if (refused > 0)
                throw new CommandException($"{refused} of {items.Count} refused", Hint(items));
            return items.Any(item => item.File is not null) ? ExitCode.Ok
                : throw new CommandException("no certificate and no CRL in what was named", "name DER or PEM files, or a bundle of osev endorsements export");
        });
        return command;
    }

    private static string Line(ImportedItem item) => item.Outcome switch
    {
        ImportOutcome.PassedOver => $"passed over {item.Source}",
        ImportOutcome.Refused => $"refused {item.Name ?? "it"} of {item.Source}: {EndorsementOptions.Text(item.Finding!)}",
        _ => $"{item.Outcome.ToString().ToLowerInvariant()} {item.File!.Path} ({item.Name} of {item.Source})",
    };

    private static string Hint(IReadOnlyList<ImportedItem> items)
    {
        bool Has(string code) => items.Any(item => item.Finding?.Code == code);
        return Has("endorsements.crl.unnamed") ? "rename the CRL to vcek.crl or vlek.crl"
            : Has("snp.root.missing") || Has("snp.issuer.missing") ? "import the chain too: cert_chain of AMD's service has ASK and ARK"
            : Has("snp.root.untrusted") ? "a simulated root is named with --simulated-root"
            : "README.md of OpenStackSev.Endorsements says what each code means; what was good is in the folder";
    }
}

/// <summary>Result of <c>endorsements import</c> as JSON.</summary>
internal sealed record ImportDocument(string Folder, IReadOnlyList<ImportedDocument> Items);

/// <param name="Outcome"><c>added</c>, <c>replaced</c>, <c>present</c>, <c>passed_over</c> or <c>refused</c>.</param>
internal sealed record ImportedDocument(string Source, string Outcome, string? Name, string? Path, string? Code, string? Expected, string? Actual)
{
    public static ImportedDocument Of(ImportedItem item) => new(item.Source,
        item.Outcome == ImportOutcome.PassedOver ? "passed_over" : item.Outcome.ToString().ToLowerInvariant(),
        item.Name, item.File?.Path, item.Finding?.Code, item.Finding?.Expected, item.Finding?.Actual);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ImportDocument))]
internal sealed partial class ImportJson : JsonSerializerContext;
