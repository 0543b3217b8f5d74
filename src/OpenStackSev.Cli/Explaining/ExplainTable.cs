using OpenStackSev.Inspection;

namespace OpenStackSev.Cli.Explaining;

/// <summary>The explanation for people: the sentence first, then the hosts, then what to do.</summary>
internal static class ExplainTable
{
    private const int MostHosts = 20;

    public static void Write(CommandConsole console, ExplainDocument document)
    {
        if (document.Server is { } server)
        {
            console.WriteLine(Printable.Of($"server {server.Name} {server.Status} {server.Id}{(server.Node is null ? "" : " on " + server.Node)}"));
            if (server.Fault is not null)
                console.WriteLine("fault: " + Printable.Of(server.Fault.Trim()));
        }

        if (document.Operation is { } operation)
            Write(console, operation);
        if (document is { Request: { } request, Hosts: { } hosts })
            Write(console, request, hosts, document.Operation is not null);
    }

    private static void Write(CommandConsole console, OperationDocument operation)
    {
        string word = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(operation.Operation.ToString());
        console.WriteLine($"{word}: Nova answers {operation.Status}{(operation.Text is null ? "" : $" \"{Printable.Of(operation.Text)}\"")}",
            operation.Status >= 400 ? "bold red" : operation.Safe ? "bold green" : "bold yellow");
        if (operation.Points.Count == 0)
            console.WriteLine("nothing about encryption stands against it");
        foreach (PointDocument point in operation.Points.Where(point => point.Message != operation.Text))
        {
            console.WriteLine();
            console.WriteLine(Printable.Of($"{point.Level.ToString().ToLowerInvariant()}: {point.Message}"));
            WriteRemedy(console, point.Remedy, point.Command);
        }
    }

    private static void Write(CommandConsole console, RequestDocument request, HostsDocument hosts, bool elsewhere)
    {
        if (elsewhere)
            console.WriteLine();
        string encryption = request.Encrypted ? request.Model ?? "encrypted" : "not encrypted";
        console.WriteLine(Printable.Of($"flavor {request.Flavor}, image {request.Image}, release {request.Release}: {encryption}"
            + (request.AvailabilityZone is null ? "" : $", availability zone {request.AvailabilityZone}")));
        foreach (GroupDocument group in request.Groups)
        {
            IEnumerable<string> words = [.. group.Resources.Select(pair => $"{pair.Key}={pair.Value}"), .. group.Required, .. group.Forbidden.Select(trait => "not " + trait)];
            console.WriteLine(Printable.Of($"asked of Placement{(group.Suffix.Length == 0 ? "" : $", from one provider ({group.Suffix})")}: {string.Join(' ', words)}"));
        }

        if (request.AskedOfFilter.Count > 0)
            console.WriteLine(Printable.Of("asked of SevTrustFilter: " + string.Join(", ", request.AskedOfFilter)));
        foreach (RequestFindingDocument finding in request.Findings)
        {
            console.WriteLine(Printable.Of($"error: {finding.Code}: {finding.Message}"), "red");
            WriteRemedy(console, null, finding.Fix);
        }

        console.WriteLine();
        console.WriteLine(Printable.Of((elsewhere ? "other hosts: " : "") + hosts.Summary), hosts.Fits ? "bold green" : "bold red");
        WriteHosts(console, hosts);
        foreach (CauseDocument cause in hosts.Causes)
        {
            console.WriteLine();
            console.WriteLine(Printable.Of($"{cause.Code} {cause.Subject}{(cause.Hosts.Count == 0 ? "" : $" on {Some(cause.Hosts)}")}, asked for by {cause.Example.Origin}"));
            WriteRemedy(console, cause.Example.Remedy, cause.Example.Command);
        }

        foreach (ObstacleDocument doubt in hosts.Doubts)
        {
            console.WriteLine();
            console.WriteLine(Printable.Of($"{doubt.Code}: {doubt.Message}"));
            WriteRemedy(console, doubt.Remedy, doubt.Command);
        }

        console.WriteLine();
        foreach (string ignored in request.Ignored)
            console.WriteLine(Printable.Of("Nova ignores " + ignored));
        foreach (string part in request.NotLookedAt)
            console.WriteLine(Printable.Of("not looked at: " + part));
        console.WriteLine(Printable.Of(hosts.Placement.Disagreement is { } disagreement
            ? $"DISAGREEMENT: {disagreement}. Believe Placement: hosts may have changed while they were read, or this explanation is wrong."
            : hosts.Placement.Refusal is { } refusal ? $"Placement says the same: {refusal}"
            : $"Placement, asked the same, offers {(hosts.Placement.Offers.Count == 0 ? "no host" : Some(hosts.Placement.Offers))}."),
            hosts.Placement.Disagreement is null ? "default" : "bold red");
    }

    /// <summary>Per host what keeps it out first; a host's other obstacles are counted.</summary>
    private static void WriteHosts(CommandConsole console, HostsDocument hosts)
    {
        if (hosts.Hosts.Count == 0)
            return;
        console.WriteLine();
        console.WriteTable(["HOST", "SORTED OUT BY", "CODE", "FIRST MISSING"], hosts.Hosts.Take(MostHosts).Select(host => host.Obstacles is [{ } first, ..] obstacles
            ? new[]
            {
                Printable.Of(host.Name), first.Stage.ToString().ToLowerInvariant(), first.Code,
                Printable.Of(first.Message) + (obstacles.Count > 1 ? $" (and {obstacles.Count - 1} more)" : ""),
            }
            : [Printable.Of(host.Name), "", "", hosts.Causes.Count > 0 ? "nothing of its own" : "nothing: it fits"]));
        if (hosts.Hosts.Count > MostHosts)
            console.WriteLine($"{hosts.Hosts.Count - MostHosts} more, further away; -f json has all");
    }

    private static void WriteRemedy(CommandConsole console, string? remedy, string? command)
    {
        if (!string.IsNullOrEmpty(remedy))
            console.WriteLine("  " + Printable.Of(remedy));
        if (command is not null)
            console.WriteLine("  $ " + Printable.Of(command));
    }

    private static string Some(IReadOnlyList<string> names) =>
        names.Count <= 5 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(5))} and {names.Count - 5} more";
}
