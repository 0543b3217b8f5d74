using OpenStackSev.Guest.Tests.Fakes;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests;

/// <summary>The program as it is typed, against a simulated folder and a cloud on loopback.</summary>
public sealed class ProgramTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly LoopbackCloud cloud = new();
    private readonly SimulatedTsm simulated;

    public ProgramTests() => simulated = SimulatedTsm.Start(folder.At("tsm"), new SimulatedGuest(Given.Authority));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await simulated.DisposeAsync();
        await cloud.DisposeAsync();
        folder.Dispose();
    }

    [Theory]
    [InlineData("affirming", 0), InlineData("warning", 1), InlineData("contraindicated", 2), InlineData("none", 3)]
    public async Task One_round_exits_with_its_verdict_and_says_that_it_is_simulated(string verdict, int code)
    {
        (cloud.Control.Verdict, cloud.Control.Findings) = (verdict, ["snp.tcb.minimum"]);
        Run run = await RunAsync("run", "--once", "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", folder.At("tsm"));
        Assert.Equal((code, $"SIMULATED {verdict}\nsnp.tcb.minimum\n", ""), (run.Code, run.Out, run.Error));
        Assert.Single(cloud.Control.Taken);
    }

    [Fact]
    public async Task A_ticket_that_is_refused_is_no_verdict_and_not_printed()
    {
        cloud.Control.Instead = _ => FakeControlPlane.Refusal(System.Net.HttpStatusCode.Unauthorized, "attestation.ticket.invalid", $"ticket {Given.Ticket} is unknown");
        Run run = await RunAsync("run", "--once", "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", folder.At("tsm"));
        Assert.Equal(ExitCodes.NotJudged, run.Code);
        Assert.StartsWith("error: attestation.ticket.invalid: attestation 401 attestation.ticket.invalid: ticket *** is unknown", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Given.Ticket, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_hands_out_token_status_report_and_signature_until_it_is_stopped()
    {
        using var stop = new CancellationTokenSource();
        Task<Run> service = RunAsync(stop.Token, "run", "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", folder.At("tsm"), "--runtime-dir", folder.At("run"));
        await Given.EventuallyAsync(() => File.Exists(folder.At("run/token")));
        Assert.Equal("aaa.bbb.ccc\n", await File.ReadAllTextAsync(folder.At("run/token"), Ct));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(folder.At("run/token")));
        Run token = await RunAsync("token", "--runtime-dir", folder.At("run"));
        Assert.Equal(("", "aaa.bbb.ccc\n", 0), (token.Error, token.Out, token.Code));
        Run status = await RunAsync("status", "--runtime-dir", folder.At("run"));
        Assert.Equal(("", 0), (status.Error, status.Code));
        Assert.StartsWith("verdict           SIMULATED affirming\ninstance          7f9a1f2e-", status.Out, StringComparison.Ordinal);
        Run report = await RunAsync("report", "--report-data", new string('a', 128), "--out", folder.At("r.bin"), "--runtime-dir", folder.At("run"));
        Assert.Equal((0, $"SIMULATED report in {folder.At("r.bin")}, certificates in {folder.At("r.bin")}.certs\n"), (report.Code, report.Out));
        Assert.Equal(Enumerable.Repeat((byte)0xAA, 64), (await File.ReadAllBytesAsync(folder.At("r.bin"), Ct))[0x50..0x90]);
        Run second = await RunAsync("run", "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", folder.At("tsm"), "--runtime-dir", folder.At("run"));
        Assert.Equal(ExitCodes.TryLater, second.Code);
        await stop.CancelAsync();
        Run stopped = await service;
        Assert.Equal(0, stopped.Code);
        Assert.Contains("SIMULATED affirming; against it speaks nothing", stopped.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Given.Ticket, stopped.Error, StringComparison.Ordinal);
        Run away = await RunAsync("token", "--runtime-dir", folder.At("run"));
        Assert.Equal((ExitCodes.NotRunning, ""), (away.Code, away.Out));
    }

    [Theory]
    [InlineData("frobnicate"), InlineData("run", "--nudge-interval", "5"), InlineData("run", "--metadata", "ftp://x"), InlineData("report", "--out", "x")]
    [InlineData("report", "--out", "x", "--report-data", "abc"), InlineData("status", "-f", "xml"), InlineData]
    public async Task Bad_usage_is_64_with_a_hint(params string[] args)
    {
        Run run = await RunAsync(args);
        Assert.Equal((ExitCodes.Usage, ""), (run.Code, run.Out));
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("\nhint: ", run.Error, StringComparison.Ordinal);
    }

    private sealed record Run(int Code, string Out, string Error);

    private static Task<Run> RunAsync(params string[] args) => RunAsync(Ct, args);

    private static async Task<Run> RunAsync(CancellationToken ct, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await new GuestCommands(output, error).RunAsync(args, ct);
        return new Run(code, output.ToString(), error.ToString());
    }
}
