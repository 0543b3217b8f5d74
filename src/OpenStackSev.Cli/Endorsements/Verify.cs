using System.CommandLine;
using OpenStackSev.Attestation;
using OpenStackSev.Endorsements;

namespace OpenStackSev.Cli.Endorsements;

/// <summary><c>osev endorsements verify</c>: every certificate and CRL of the folder, up to the roots.</summary>
internal static class Verify
{
    public static Command Create(CommandConsole console)
    {
        EndorsementOptions common = new();
        OsevCommand command = new("verify", "Verify every certificate and CRL of the folder: signature, role, dates, up to AMD's roots. Exit code 1 when one is bad.",
            "osev endorsements verify",
            "osev endorsements verify --folder ./endorsements -f json")
        {
            common.Folder, common.SimulatedRoots,
        };
        command.SetAction(parsed =>
        {
            OpenStackSev.Endorsements.EndorsementFolder folder = common.FolderOf(parsed);
            EndorsementInventory inventory = EndorsementInventory.Read(folder, common.RootsOf(parsed), TimeProvider.System.GetUtcNow());
            Finding[] findings = [.. inventory.AllFindings];
            if (parsed.Format() == OutputFormat.Json)
            {
                console.WriteJson(InventoryDocument.Of(folder, inventory), InventoryJson.Default.InventoryDocument);
            }
            else
            {
                if (findings.Length > 0)
                    console.WriteTable(["FINDING", "FILE", "EXPECTED", "GOT"], findings.Select(f => new[] { f.Code, f.Subject, f.Expected, f.Actual }));
                int good = inventory.Items.Count(item => item.Findings.Count == 0);
                console.WriteLine($"{good} of {inventory.Items.Count} are good", good == inventory.Items.Count ? "green" : "red");
                if (inventory.Items.Any(item => item.Simulated == true))
                    console.WriteLine("SIMULATED: the folder has a root that is not AMD's.", "bold yellow");
            }
            return Verdicts.Of(findings) is Verdict.Affirming or Verdict.Warning ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }
}
