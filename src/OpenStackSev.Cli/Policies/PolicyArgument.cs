using System.CommandLine;
using OpenStackSev.Api.Policies;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Cli.Policies;

/// <summary>Which version a command is about, and what this folder's commands ask of the control plane alike.</summary>
internal static class PolicyArgument
{
    /// <summary>Pages of a dry run that are asked for; more instances than any cloud has.</summary>
    private const int MostPages = 10_000;

    public static Argument<int> Number() => new("number") { Description = "Number of the version; 0 is the default that is built in.", HelpName = "NUMBER" };

    /// <summary>Bytes of a policy document that is well written. The control plane would say the same of one that is not, but not as fast.</summary>
    /// <exception cref="CommandException">There is no such file, or it is no policy.</exception>
    public static byte[] Document(string path)
    {
        byte[] document = InputFile.Read("file", path, PolicyDocument.MaximumSize);
        if (!PolicyDocument.TryParse(document, out _, out IReadOnlyList<PolicyProblem> problems))
        {
            throw CommandException.BadUsage($"{path}: {problems[0]}" + (problems.Count > 1 ? $" (and {problems.Count - 1} more problems)" : ""),
                $"osev attest policy check {path} lists all of them");
        }

        return document;
    }

    /// <summary>All versions, the newest first, the built-in default last.</summary>
    public static async Task<IReadOnlyList<PolicySummary>> AllAsync(Hosts.ControlPlane control, CancellationToken ct)
    {
        var all = new List<PolicySummary>();
        int? marker = null;
        do
        {
            PolicyList page = await control.Api.ListPoliciesAsync(marker: marker, ct: ct);
            all.AddRange(page.Policies);
            // A service that repeats itself must not keep us for ever.
            marker = page.Marker is { } next && (marker is null || next < marker) && page.Policies.Count > 0 ? next : null;
        }
        while (marker is not null);
        return all;
    }

    /// <summary>What would change, of all instances, and how many were judged.</summary>
    public static async Task<(int Judged, IReadOnlyList<VerdictChange> Changes)> TryAsync(
        Hosts.ControlPlane control, CommandConsole console, DryRunRequest request, CancellationToken ct)
    {
        var changes = new List<VerdictChange>();
        int judged = 0;
        Guid? marker = null;
        for (int pages = 0; pages < MostPages; pages++)
        {
            DryRunPage page = await control.Api.TryPolicyAsync(request, marker: marker, ct: ct);
            judged += page.Judged;
            changes.AddRange(page.Changes);
            console.WriteProgress($"{judged} instances tried");
            if (page.Marker is not { } next || next == marker)
                break;
            marker = next;
        }

        console.WriteProgress("");
        return (judged, changes);
    }

    /// <summary>Those whose verdict gets worse.</summary>
    public static IReadOnlyList<VerdictChange> Worse(IReadOnlyList<VerdictChange> changes) => [.. changes.Where(change => Rank(change.To) > Rank(change.From))];

    private static int Rank(string verdict) => verdict switch { "affirming" => 0, "warning" => 1, "none" => 2, _ => 3 };
}
