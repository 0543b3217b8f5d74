using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements;

namespace OpenStackSev.Cli.Endorsements;

/// <summary><c>osev endorsements list</c>: what is in the folder.</summary>
internal static class List
{
    public static Command Create(CommandConsole console)
    {
        EndorsementOptions common = new();
        OsevCommand command = new("list", "List certificates and CRLs of the folder.",
            "osev endorsements list",
            "osev endorsements list --folder ./endorsements -f json")
        {
            common.Folder, common.SimulatedRoots, ColumnOption.Instance,
        };
        command.SetAction(parsed =>
        {
            OpenStackSev.Endorsements.EndorsementFolder folder = common.FolderOf(parsed);
            EndorsementInventory inventory = EndorsementInventory.Read(folder, common.RootsOf(parsed), TimeProvider.System.GetUtcNow());
            if (inventory.Items.Count == 0 && console.Format == OutputFormat.Table)
                console.WriteLine($"nothing in {folder.Path}");
            else
                console.WriteList(InventoryDocument.Of(folder, inventory), InventoryJson.Default.InventoryDocument,
                    ["WHAT", "LINE", "CHIP OR PROVIDER", "TCB", "VALID UNTIL", "ROOT"], inventory.Items.Select(Row));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string[] Row(EndorsementItem item) =>
    [
        What(item.File.Kind), item.File.Line.ToString(), Short(item.File.ChipId ?? item.Provider ?? ""), item.Tcb is { } tcb ? Parts(tcb) : "",
        item.NotAfter is { } until ? until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "unreadable",
        item.Simulated switch { true => "simulated", false => "AMD", null => "missing" },
    ];

    public static string What(EndorsementKind kind) => kind switch
    {
        EndorsementKind.VcekRevocations => "CRL of VCEKs",
        EndorsementKind.VlekRevocations => "CRL of VLEKs",
        _ => kind.ToString().ToUpperInvariant(),
    };

    private static string Parts(TcbVersion tcb) => (tcb.Fmc is { } fmc ? $"{fmc}/" : "") + $"{tcb.Bootloader}/{tcb.Tee}/{tcb.Snp}/{tcb.Microcode}";

    // 128 digits are no use in a table; JSON has them all.
    private static string Short(string chip) => chip.Length <= 32 ? chip : chip[..16] + "…";
}

/// <summary>JSON of <c>endorsements list</c> and <c>endorsements verify</c>. Members are only ever added.</summary>
internal sealed record InventoryDocument(string Folder, IReadOnlyList<ItemDocument> Items, IReadOnlyList<FindingDocument> Findings)
{
    public static InventoryDocument Of(OpenStackSev.Endorsements.EndorsementFolder folder, EndorsementInventory inventory) => new(folder.Path,
        [.. inventory.Items.Select(ItemDocument.Of)], [.. inventory.AllFindings.Select(FindingDocument.Of)]);
}

/// <param name="Kind"><c>ark</c>, <c>ask</c>, <c>asvk</c>, <c>vcek</c>, <c>vlek</c>, <c>vcek_revocations</c> or <c>vlek_revocations</c>.</param>
/// <param name="NotAfter">nextUpdate of a CRL.</param>
/// <param name="Simulated">Null when the line's root is missing.</param>
internal sealed record ItemDocument(
    string Path, string Kind, string Line, string? Name, string? ChipId, string? Provider, TcbDocument? Tcb, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter, bool? Simulated)
{
    public static ItemDocument Of(EndorsementItem item) => new(item.File.Path,
        item.File.Kind switch
        {
            EndorsementKind.VcekRevocations => "vcek_revocations",
            EndorsementKind.VlekRevocations => "vlek_revocations",
            EndorsementKind kind => kind.ToString().ToLowerInvariant(),
        },
        item.File.Line.ToString(), item.Name, item.File.ChipId, item.Provider,
        item.Tcb is { } tcb ? new(tcb.Fmc, tcb.Bootloader, tcb.Tee, tcb.Snp, tcb.Microcode) : null, item.NotBefore, item.NotAfter, item.Simulated);
}

internal sealed record TcbDocument(byte? Fmc, byte Bootloader, byte Tee, byte Snp, byte Microcode);

internal sealed record FindingDocument(string Code, string Tier, string Subject, string Expected, string Actual)
{
    public static FindingDocument Of(Finding finding) =>
        new(finding.Code, finding.Tier.ToString().ToLowerInvariant(), finding.Subject, finding.Expected, finding.Actual);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(InventoryDocument))]
internal sealed partial class InventoryJson : JsonSerializerContext;
