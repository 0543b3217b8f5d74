using System.CommandLine;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host show</c>: one host, its chips and its last report.</summary>
internal static class Show
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Named();
        OsevCommand command = new("show", "Show a host: enrolment, chips, how far it is trusted and why, which CVEs it still carries, what it last reported.", "osev host show compute1", "osev host show compute1 -f yaml")
        {
            host, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            Write(console, await control.Api.GetHostAsync(await control.NodeAsync(parsed.GetRequiredValue(host), ct), ct));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Argument<string> Named() => new("host") { Description = "UUID of the compute node, or its name (Nova's hypervisor_hostname)." };

    public static void Write(CommandConsole console, HostDetails host) =>
        console.WriteList(host, HostJson.Default.HostDetails, ["FIELD", "VALUE"], Rows(host));

    private static IEnumerable<string[]> Rows(HostDetails host)
    {
        HostFacts facts = host.Report.Facts;
        yield return ["node", host.Node.ToString()];
        yield return ["name", host.Name];
        yield return ["enrolment", List.Word(host.Enrolment)];
        yield return ["heard", host.Silent ? "silent" : "reports"];
        yield return ["first seen", List.Time(host.FirstSeen)];
        yield return ["last seen", List.Time(host.LastSeen)];
        if (host.CertificateEnds is { } ends)
            yield return ["certificate until", List.Time(ends)];
        foreach (EnrolledChip chip in host.Chips)
            yield return ["chip", $"{Short(chip.Id)} {chip.Status}{(chip.ApprovedBy is { } by ? $" by {by}" : "")}{(chip.Present ? "" : ", not in the last report")}"];
        foreach (string[] row in TrustRows.Of(host.Trust))
            yield return row;
        yield return ["processor", $"{facts.Processor ?? "unknown"}{(facts.Simulated ? " (simulated)" : "")}"];
        yield return ["kernel", facts.Kernel ?? "unknown"];
        yield return ["SNP firmware", facts.Firmware is { } firmware
            ? $"API {firmware.Api} build {firmware.Build}, CURRENT_TCB 0x{firmware.CurrentTcb}, REPORTED_TCB 0x{firmware.ReportedTcb}" : "no answer"];
        foreach (string[] row in TrustRows.Machine(facts))
            yield return row;
        foreach (HostCapacity capacity in host.Report.Capacity)
            yield return [capacity.Model, $"total {capacity.Total} reserved {capacity.Reserved}"];
        foreach (string finding in host.Report.Findings)
            yield return ["agent finds", finding];
        yield return ["agent", host.Report.AgentVersion];
    }

    /// <summary>128 digits are no use in a table; the documents have them all.</summary>
    public static string Short(string chip) => chip[..Math.Min(16, chip.Length)] + "…";
}
