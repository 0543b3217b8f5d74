using System.CommandLine;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Cli.Attest;

/// <summary><c>osev attest policy check</c>: everything that is wrong with a policy document.</summary>
internal static class PolicyCheck
{
    // Neither 0 nor 1: a script must be able to tell a bad policy from a disk that failed.
    private const int Problems = 2;

    public static Command Create(CommandConsole console)
    {
        Argument<string> file = new("file") { Description = "The policy document; - is standard input." };
        OsevCommand command = new("check", "Check a policy document, and name all that is wrong with it. Exit code: 0 it is good, 2 it has problems.",
            "osev attest policy check policy.json",
            "osev attest policy check - -f json < policy.json")
        {
            file,
        };
        command.SetAction(parsed => VerdictExit.Run(() =>
        {
            string path = parsed.GetRequiredValue(file);
            AppraisalPolicy? policy = PolicyFile.Read("policy", path, out IReadOnlyList<PolicyProblem> problems);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(new PolicyCheckDocument(policy is not null, policy?.Name, problems), AttestJson.Default.PolicyCheckDocument);
            else if (policy is not null)
                console.WriteLine($"policy '{policy.Name}' is good", "green");
            else
                console.WriteTable(["WHERE", "WRONG", "REMEDY"], problems.Select(p => new[] { p.Path, p.Wrong, p.Remedy }));
            return policy is null ? Problems : ExitCode.Ok;
        }));
        return command;
    }
}

/// <summary>JSON of <c>osev attest policy check</c>.</summary>
/// <param name="Name">Null for one that is not good.</param>
internal sealed record PolicyCheckDocument(bool Good, string? Name, IReadOnlyList<PolicyProblem> Problems);
