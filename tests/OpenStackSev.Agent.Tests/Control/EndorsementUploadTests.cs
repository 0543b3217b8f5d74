using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpenStackSev.Agent.Control;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Simulation.Snp;
using Given = OpenStackSev.Agent.Tests.Capacity.Given;

namespace OpenStackSev.Agent.Tests.Control;

/// <summary>Certificates go when something changed, and trouble with them is no trouble of the reports.</summary>
public sealed class EndorsementUploadTests : IDisposable
{
    private static readonly Lazy<SimulatedAuthority> s_authority = new(() => SimulatedAuthority.Create(SimulatedLine.Turin, new() { KeyBits = 2048 }));

    private readonly string folder = Directory.CreateTempSubdirectory("osev-agent-endorsements").FullName;
    private readonly List<IReadOnlyList<byte[]>> sent = [];
    private readonly EndorsementUpload upload;
    private Exception? failure;

    public EndorsementUploadTests() => upload = new EndorsementUpload(new EndorsementFiles(folder), (_, brought, _) =>
    {
        if (failure is not null)
            throw failure;
        sent.Add(brought.Certificates);
        return Task.FromResult(new HostEndorsementsAnswer([.. brought.Certificates.Select((_, i) => new HostEndorsement(i, "added"))]));
    }, NullLogger<EndorsementUpload>.Instance);

    private static byte[] Ask => s_authority.Value.Ask.Certificate;

    private static byte[] Ark => s_authority.Value.Ark.Certificate;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_same_certificates_go_once()
    {
        Write("a.der", Ask);
        await RoundAsync();
        await RoundAsync();
        Assert.Equal(Ask, Assert.Single(Assert.Single(sent)));
    }

    [Fact]
    public async Task They_go_again_when_a_file_a_chips_approval_or_the_reported_TCB_changes()
    {
        Write("a.der", Ask);
        await RoundAsync(status: "pending");
        await RoundAsync(status: "approved");
        Assert.Equal(2, sent.Count);
        await RoundAsync(status: "approved", tcb: "4900000003010101");
        Assert.Equal(3, sent.Count);
        Write("b.der", Ark);
        await RoundAsync(status: "approved", tcb: "4900000003010101");
        Assert.Equal(4, sent.Count);
        Assert.Equal(2, sent[^1].Count);
    }

    [Fact]
    public async Task What_could_not_be_brought_is_brought_after_the_next_report()
    {
        Write("a.der", Ask);
        failure = new AttestationApiException("PUT", HttpStatusCode.ServiceUnavailable, "attestation.storage.unavailable", null, "full");
        await RoundAsync();
        failure = new ControlCertificateException("gone", new IOException());
        await RoundAsync();
        Assert.Empty(sent);
        failure = null;
        await RoundAsync();
        Assert.Single(sent);
    }

    [Fact]
    public async Task Without_a_folder_or_a_certificate_in_it_nothing_goes()
    {
        await RoundAsync();
        Write("notes.txt", Ask);
        Write("key.pem", Encoding.ASCII.GetBytes(PemEncoding.WriteString("PRIVATE KEY", [1, 2, 3])));
        await RoundAsync();
        await new EndorsementUpload(new EndorsementFiles(null), (_, _, _) => throw new InvalidOperationException("nothing to send"), NullLogger<EndorsementUpload>.Instance)
            .AfterReportAsync(Report(), Answer("approved"), TestContext.Current.CancellationToken);
        await new EndorsementUpload(new EndorsementFiles(Path.Join(folder, "none")), (_, _, _) => throw new InvalidOperationException("nothing to send"), NullLogger<EndorsementUpload>.Instance)
            .AfterReportAsync(Report(), Answer("approved"), TestContext.Current.CancellationToken);
        Assert.Empty(sent);
    }

    [Fact]
    public void PEM_and_DER_of_subfolders_are_read_each_certificate_once_and_to_bounds()
    {
        Directory.CreateDirectory(Path.Join(folder, "turin"));
        Write("turin/ask.der", Ask);
        Write("chain.pem", Encoding.ASCII.GetBytes("# of Turin\n" + s_authority.Value.VcekChainPem));
        Write("long.der", [0x30, .. new byte[HostEndorsements.MaximumCertificateBytes]]);
        Write("longer.pem", new byte[1024 * 1024]);
        Write("empty.der", []);
        Assert.Equal([Ask, Ark], new EndorsementFiles(folder).Read());
        for (int i = 0; i < 100; i++)
            Write($"many-{i:000}.der", [0x30, (byte)i]);
        Assert.Equal(HostEndorsements.MostCertificates, new EndorsementFiles(folder).Read().Count);
    }

    private Task RoundAsync(string status = "approved", string tcb = "4800000003010101") => upload.AfterReportAsync(Report(tcb), Answer(status), TestContext.Current.CancellationToken);

    private static NodeReport Report(string tcb = "4800000003010101") => new(Given.Root, new HostReport
    {
        Name = "compute1",
        AgentVersion = "1",
        Facts = new HostFacts { Firmware = new HostFirmware { Api = "1.58", Build = 1, CurrentTcb = tcb, ReportedTcb = tcb } },
        Chips = [],
        Capacity = [],
        Findings = [],
    });

    private static HostReportAnswer Answer(string status) =>
        new(EnrolmentState.Enrolled, [new EnrolledChip(new string('a', 128), status, true)], ProofLifetime: 300, Interval: 60, default);

    private void Write(string name, byte[] content) => File.WriteAllBytes(Path.Join(folder, name), content);
}
