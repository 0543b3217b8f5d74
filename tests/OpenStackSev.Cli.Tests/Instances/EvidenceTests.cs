using System.Security.Cryptography;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Cli.Tests.Attest;

namespace OpenStackSev.Cli.Tests.Instances;

/// <summary>Evidence that a tenant fetched, verified by the command that the fetch prints.</summary>
public sealed class EvidenceTests : IDisposable
{
    private readonly SimulatedEvidence evidence = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        evidence.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task The_printed_command_verifies_what_was_fetched()
    {
        string[] command = Fetch(Bundle());
        CommandLine verified = await CommandLine.RunAsync([.. command, "--simulated-root", evidence.Authority.Ark.Fingerprint]);
        Assert.Equal(0, verified.ExitCode);
        Assert.Contains("AFFIRMING", verified.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Not checked: report data", verified.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Not checked: no CRL", verified.Out, StringComparison.Ordinal);
        // AMD's own roots are what holds without the laboratory's.
        Assert.Equal(2, (await CommandLine.RunAsync(command)).ExitCode);
    }

    [Fact]
    public void Report_data_that_nonce_instance_and_key_do_not_make_is_not_taken() =>
        Assert.Throws<CommandException>(() => Fetch(Bundle() with { Nonce = new byte[32] }));

    [Fact]
    public void Nothing_is_written_over_what_is_there()
    {
        Fetch(Bundle());
        Assert.Throws<CommandException>(() => Fetch(Bundle()));
    }

    private string[] Fetch(InstanceEvidenceBundle bundle)
    {
        using StringWriter output = new();
        Cli.Instances.Evidence.Write(new CommandConsole(output, TextWriter.Null, terminal: false, colours: false), bundle, folder.At("evidence"));
        string[] words = output.ToString().Trim().Split(' ');
        Assert.Equal("osev", words[0]);
        return words[1..];
    }

    private InstanceEvidenceBundle Bundle()
    {
        Guid instance = new("5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11");
        byte[] nonce = [.. Enumerable.Repeat((byte)7, 32)], data = ReportData.Of(nonce, instance, []);
        return new(instance, evidence.Chip.Report(evidence.Chip.Fields with { ReportData = data }), data, nonce,
            evidence.Chip.Vcek.CertificatePem + evidence.Authority.Ask.CertificatePem + evidence.Authority.Ark.CertificatePem, DateTimeOffset.UtcNow, null,
            PemEncoding.WriteString("X509 CRL", evidence.Authority.IssueCrl()) + "\n");
    }
}
