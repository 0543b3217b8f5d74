using System.Runtime.Versioning;

namespace OpenStackSev.Platform.Tests;

/// <summary>The commands to <c>/dev/sev</c>, against a kernel that answers as the real one does.</summary>
public sealed class SecurityProcessorTests : IDisposable
{
    private const int NotPermitted = 1, AccessDenied = 13, Busy = 16;
    private readonly HostFolder host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void Every_command_is_asked_and_read()
    {
        FakeSevDevice device = new();
        PlatformFacts facts = Read(device);

        Assert.Empty(facts.Findings);
        Assert.Equal(29, facts.SevPlatformStatus!.Build);
        Assert.Equal(0xDB18_0000_0000_0004, facts.SnpPlatformStatus!.CurrentTcb);
        Assert.Equal([string.Concat(Enumerable.Repeat("01", 64)), string.Concat(Enumerable.Repeat("02", 64))], facts.ChipIds!);
        Assert.Equal(HostFolder.CertificateBytes(), facts.SevCertificates);
    }

    [Fact]
    public void A_length_is_asked_for_before_a_buffer_is_given()
    {
        FakeSevDevice device = new();
        Read(device);
        Assert.Equal(2, device.Asked.Count(command => command == SevCommand.GetId2));
        Assert.Equal(2, device.Asked.Count(command => command == SevCommand.PdhCertExport));
    }

    [Fact]
    public void Where_SEV_is_off_the_device_is_left_alone()
    {
        foreach (string parameter in new[] { "sev", "sev_es", "sev_snp" })
            host.Write($"{HostFolder.Parameters}/{parameter}", "N\n");
        FakeSevDevice device = new();
        Assert.Empty(Read(device).Findings);
        Assert.Empty(device.Asked);
    }

    [Fact]
    public void A_platform_that_is_not_initialized_is_not_asked_for_certificates()
    {
        FakeSevDevice device = new() { SevStatus = HostFolder.SevStatusBytes(state: 0) };
        PlatformFacts facts = Read(device);
        Assert.Null(facts.SevCertificates);
        Assert.Empty(facts.Findings);
        Assert.DoesNotContain(SevCommand.PdhCertExport, device.Asked);
    }

    [Fact]
    public void A_reader_whom_the_kernel_refuses_to_initialize_the_platform_says_so()
    {
        FakeSevDevice device = new();
        device.Refusals[SevCommand.PdhCertExport] = new(NotPermitted, 0);
        PlatformFinding finding = Assert.Single(Read(device).Findings);
        Assert.Equal((PlatformCodes.SevCertificatesUnreadable, "/dev/sev", "the platform is not initialized, and is left so"), (finding.Code, finding.Subject, finding.Detail));
    }

    [Theory]
    [InlineData(SevCommand.PlatformStatus, PlatformCodes.SevStatusUnreadable)]
    [InlineData(SevCommand.SnpPlatformStatus, PlatformCodes.SnpStatusUnreadable)]
    [InlineData(SevCommand.GetId2, PlatformCodes.ChipIdUnreadable)]
    [InlineData(SevCommand.PdhCertExport, PlatformCodes.SevCertificatesUnreadable)]
    internal void A_refusal_of_the_firmware_is_told_with_its_number(SevCommand command, string code)
    {
        FakeSevDevice device = new();
        device.Refusals[command] = new(FakeSevDevice.InputOutput, 0x1A);
        PlatformFinding finding = Assert.Single(Read(device).Findings);
        Assert.Equal(code, finding.Code);
        Assert.Contains("error 0x1A", finding.Detail, StringComparison.Ordinal);

        device.Refusals[command] = new(0, 0x1A);
        Assert.Equal(code, Assert.Single(Read(device).Findings).Code);
    }

    [Fact]
    public void A_security_processor_that_the_kernel_gave_up_is_told_for_every_command()
    {
        FakeSevDevice device = new();
        foreach (SevCommand command in Enum.GetValues<SevCommand>())
            device.Refusals[command] = new(Busy, 0);
        PlatformFacts facts = Read(device);
        Assert.Equal([PlatformCodes.ChipIdUnreadable, PlatformCodes.SevStatusUnreadable, PlatformCodes.SnpStatusUnreadable],
            facts.Findings.Select(finding => finding.Code).Order(StringComparer.Ordinal));
        Assert.All(facts.Findings, finding => Assert.Contains("reboot", finding.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_that_does_not_open_or_is_not_there_is_told()
    {
        string[] Codes(Source<SevIssueResult> closed) => [.. Read(new FakeSevDevice { Closed = closed }).Findings.Select(finding => finding.Code).Order(StringComparer.Ordinal)];
        Assert.Equal([PlatformCodes.ChipIdUnreadable, PlatformCodes.SevStatusUnreadable, PlatformCodes.SnpStatusUnreadable],
            Codes(Source<SevIssueResult>.Unreadable(Libc.Message(AccessDenied))));
        Assert.Equal([PlatformCodes.ChipIdMissing, PlatformCodes.SevStatusMissing, PlatformCodes.SnpStatusMissing],
            Codes(Source<SevIssueResult>.Missing("not there")));
    }

    [Theory, InlineData(0), InlineData(SecurityProcessorDevice.LongestAnswer + 1)]
    public void A_firmware_that_asks_for_nothing_or_too_much_gets_nothing(int length)
    {
        PlatformFacts facts = Read(new FakeSevDevice { Ids = [new byte[length]] });
        Assert.Null(facts.ChipIds);
        Assert.Equal(PlatformCodes.ChipIdMalformed, Assert.Single(facts.Findings).Code);
    }

    [Fact]
    public void An_answer_that_is_shorter_than_announced_is_malformed()
    {
        PlatformFacts facts = Read(new FakeSevDevice { WritesFewer = 1 });
        Assert.Equal([PlatformCodes.ChipIdMalformed, PlatformCodes.SevCertificatesMalformed], facts.Findings.Select(finding => finding.Code).Order(StringComparer.Ordinal));
        Assert.Null(facts.SevCertificates);
    }

    [Theory, InlineData(2083, 6252), InlineData(2084, 4168)]
    public void A_chain_of_another_size_is_malformed(int pdh, int chain)
    {
        PlatformFacts facts = Read(new FakeSevDevice { Certificates = [new byte[pdh], new byte[chain]] });
        Assert.Null(facts.SevCertificates);
        Assert.Equal(PlatformCodes.SevCertificatesMalformed, Assert.Single(facts.Findings).Code);
    }

    [Fact]
    public void What_is_no_device_is_not_opened()
    {
        Assert.Equal(SourceState.Missing, new SevDevice(host.Path("dev/none")).Issue(SevCommand.PlatformStatus, new byte[12]).State);
        Assert.Equal(SourceState.Unreadable, new SevDevice(host.Path(HostFolder.SevStatus)).Issue(SevCommand.PlatformStatus, new byte[12]).State);
    }

    [Fact, SupportedOSPlatform("linux")]
    public void A_device_without_such_commands_answers_with_an_error_and_no_exception()
    {
        Source<SevIssueResult> result = new SevDevice("/dev/zero").Issue(SevCommand.PlatformStatus, new byte[12]);
        Assert.NotEqual(0, result.Value.Error);
    }

    private PlatformFacts Read(ISevDevice device) => PlatformProbe.Read(new SourceFolder(host.Root), new SecurityProcessorDevice(device));
}
