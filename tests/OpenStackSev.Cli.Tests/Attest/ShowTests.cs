using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Attest;

public sealed class ShowTests : IDisposable
{
    private readonly SimulatedEvidence _given = new();

    public void Dispose() => _given.Dispose();

    [Fact]
    public async Task A_report_is_shown_with_offsets_and_words_and_without_judgement()
    {
        _given.Write("report.bin", _given.Chip.Report(_given.Chip.Fields with { Policy = _given.Chip.Fields.Policy | 1UL << 19, ChipId = [] }));
        string text = (await CommandLine.RunAsync("attest", "show", "--report", _given.Report, "--certs", _given.Vcek)).Succeeded().Out;
        Assert.Matches("(?m)^0x008 +POLICY +0x00000000000b.* DEBUG allowed: the host may decrypt the guest$", text);
        Assert.Matches("(?m)^0x1A0 +CHIP_ID +0{128} +masked: the host does not say which chip$", text);
        Assert.Matches("(?m)^0x180 +REPORTED_TCB +[0-9a-f]{16} .*fmc 1, bootloader 1, tee 1, snp 4, microcode 81$", text);
        Assert.Matches("(?m)^0x048 +KEY_INFO +0x0 +signed with the VCEK$", text);
        Assert.Matches("(?m)^CERTIFICATE SEV-VCEK$", text);
        Assert.DoesNotMatch("(?i)contraindicated|affirming", text);
    }

    [Fact]
    public async Task The_JSON_has_the_report_its_fields_and_what_endorses()
    {
        JsonElement shown = (await CommandLine.RunAsync("attest", "show", "--report", _given.Report, "--certs", _given.Vcek, _given.Roots, "-f", "json"))
            .Succeeded().Json();
        Assert.Equal(["report", "product", "line", "fields", "malformed", "certificates", "revocations"],
            shown.EnumerateObject().Select(member => member.Name));
        Assert.Equal("turin", shown.GetProperty("product").GetString());
        Assert.Equal("Turin", shown.GetProperty("line").GetString());
        Assert.Equal(5, shown.GetProperty("report").GetProperty("version").GetInt32());
        Assert.Equal(["name", "offset", "length", "value", "meaning"],
            shown.GetProperty("fields")[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal(["ark", "ask", "asvk", "vcek"],
            shown.GetProperty("certificates").EnumerateArray().Select(c => c.GetProperty("kind").GetString()!));
        Assert.Equal(_given.Authority.Ark.Fingerprint, shown.GetProperty("certificates")[0].GetProperty("sha256").GetString());
        Assert.False(shown.GetProperty("certificates")[0].GetProperty("amd_root").GetBoolean());
        Assert.Equal(2, shown.GetProperty("revocations").GetArrayLength());
    }

    [Fact]
    public async Task Certificates_and_CRLs_are_shown_without_a_report()
    {
        string table = _given.Write("table.bin", _given.Chip.CertificateTable(crl: _given.Authority.IssueCrl()));
        string text = (await CommandLine.RunAsync("attest", "show", "--certs", table)).Succeeded().Out;
        Assert.Contains("CERTIFICATE SEV-Turin", text, StringComparison.Ordinal);
        Assert.Contains("CERTIFICATE SEV-VCEK", text, StringComparison.Ordinal);
        Assert.Contains("0 serial numbers", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMDs_own_roots_are_marked()
    {
        JsonElement shown = (await CommandLine.RunAsync("attest", "show", "--certs", RealEvidence.At("roots"), "-f", "json")).Succeeded().Json();
        Assert.Equal(["ARK-Genoa", "ARK-Milan", "ARK-Turin"], shown.GetProperty("certificates").EnumerateArray()
            .Where(c => c.GetProperty("amd_root").GetBoolean()).Select(c => c.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0x04D, null, "reserved after KEY_INFO", "0x01 at 0x04D")]
    [InlineData(0x03C, 0x038, "reserved part of CURRENT_TCB", "0x0101010401000051")]
    [InlineData(0x048, 0x048, "SIGNING_KEY", "0x5")]
    [InlineData(0x00A, 0x008, "POLICY bit 17", "0x20000")]
    public async Task A_malformed_report_says_what_is_malformed_and_where(int at, int? offset, string subject, string actual)
    {
        byte[] report = _given.Chip.Report(_given.Chip.Fields with { Policy = 0x30000 });
        report[at] ^= at switch { 0x048 => 0x14, 0x00A => 0x03, _ => 0x01 };
        _given.Write("report.bin", report);
        CommandLine run = await CommandLine.RunAsync("attest", "show", "--report", _given.Report, "-f", "json");
        Assert.Equal(3, run.ExitCode);
        JsonElement malformed = Assert.Single(run.Json().GetProperty("malformed").EnumerateArray());
        Assert.Equal(subject, malformed.GetProperty("subject").GetString());
        if (at != 0x00A)
            Assert.Equal(actual, malformed.GetProperty("actual").GetString());
        JsonElement where = malformed.GetProperty("offset");
        Assert.Equal(offset, where.ValueKind == JsonValueKind.Null ? null : where.GetInt32());
        Assert.Equal(JsonValueKind.Null, run.Json().GetProperty("report").ValueKind);
    }

    [Fact]
    public async Task A_wrapped_report_gets_a_hint()
    {
        _given.Write("report.bin", [.. "HCLA"u8, .. new byte[0x1C], .. _given.Chip.Report(_given.Chip.Fields)]);
        CommandLine run = await CommandLine.RunAsync("attest", "show", "--report", _given.Report);
        Assert.Equal(3, run.ExitCode);
        Assert.StartsWith("hint: this is an Azure HCL report", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--report is missing")]
    [InlineData("--report /nowhere: there is no such file", "--report", "/nowhere")]
    [InlineData("--certs /nowhere: there is no such file", "--certs", "/nowhere")]
    public async Task Bad_usage_is_64(string error, params string[] args) =>
        (await CommandLine.RunAsync(["attest", "show", .. args])).AssertError(ExitCode.BadUsage, error);
}
