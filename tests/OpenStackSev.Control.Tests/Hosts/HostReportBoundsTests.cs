using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Hosts;

namespace OpenStackSev.Control.Tests.Hosts;

public sealed class HostReportBoundsTests
{
    private static readonly Dictionary<string, (Func<HostReport, HostReport> Change, string Told)> Vectors = new(StringComparer.Ordinal)
    {
        ["no name"] = (report => report with { Name = "" }, "name"),
        ["a long name"] = (report => report with { Name = new string('x', 256) }, "name"),
        ["a name with a line end"] = (report => report with { Name = "a\nb" }, "name"),
        ["a long version"] = (report => report with { AgentVersion = new string('1', 65) }, "agent_version"),
        ["a long processor"] = (report => report with { Facts = report.Facts with { Processor = new string('x', 201) } }, "facts.processor"),
        ["an empty kernel"] = (report => report with { Facts = report.Facts with { Kernel = "" } }, "facts.kernel"),
        ["half a surrogate"] = (report => report with { Facts = report.Facts with { Product = "\ud800" } }, "facts.product"),
        ["a TCB in upper case"] = (report => report with { Facts = report.Facts with { Firmware = report.Facts.Firmware! with { CurrentTcb = "ABCDEF0000000000" } } }, "facts.firmware"),
        ["a short chip"] = (report => report with { Chips = ["abcd"] }, "chips"),
        ["a chip of zeros"] = (report => report with { Chips = [new string('0', 128)] }, "chips"),
        ["a chip twice"] = (report => report with { Chips = [Given.ChipA, Given.ChipA] }, "chips"),
        ["a chip that is null"] = (report => report with { Chips = [null!] }, "chips"),
        ["many chips"] = (report => report with { Chips = [.. Enumerable.Range(1, 17).Select(i => i.ToString("x128"))] }, "chips"),
        ["many findings"] = (report => report with { Findings = [.. Enumerable.Repeat("a", 101)] }, "findings"),
        ["a finding that is null"] = (report => report with { Findings = [null!] }, "findings"),
        ["a model of another make"] = (report => report with { Capacity = [new("intel-tdx", 1, 0)] }, "capacity"),
        ["a capacity that is null"] = (report => report with { Capacity = [null!] }, "capacity"),
        ["a model twice"] = (report => report with { Capacity = [new("amd-sev", 1, 0), new("amd-sev", 1, 0)] }, "capacity"),
        ["less than nothing"] = (report => report with { Capacity = [new("amd-sev", -1, 0)] }, "capacity"),
        ["more reserved than there is"] = (report => report with { Capacity = [new("amd-sev", 1, 2)] }, "capacity"),
    };

    public static TheoryData<string> Cases => [.. Vectors.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void A_field_out_of_its_bounds_is_told_by_its_name(string name) =>
        Assert.StartsWith(Vectors[name].Told + ":", HostReportBounds.Problem(Vectors[name].Change(Given.Report(Given.ChipA))), StringComparison.Ordinal);

    [Fact]
    public void What_an_agent_sends_is_within_bounds()
    {
        Assert.Null(HostReportBounds.Problem(Given.Report(Given.ChipA, Given.ChipB)));
        Assert.Null(HostReportBounds.Problem(Given.Report() with { Facts = new HostFacts(), Capacity = [] }));
    }
}
