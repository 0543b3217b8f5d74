using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Endorsements.Tests.Kds;

public sealed class KdsClientTests
{
    private readonly FakeTimeProvider _time = new(new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_documents_of_a_line_are_fetched_from_their_addresses()
    {
        FakeKds kds = new(_time, Simulated.Turin);
        using KdsClient client = kds.Client();
        await client.FetchVcekChainAsync(ProductLine.Turin, Ct);
        await client.FetchVlekChainAsync(ProductLine.Turin, Ct);
        await client.FetchVcekRevocationsAsync(ProductLine.Turin, Ct);
        await client.FetchVlekRevocationsAsync(ProductLine.Turin, Ct);
        await client.FetchVcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb, Ct);
        Assert.Equal(
            [
                "/vcek/v1/Turin/cert_chain", "/vlek/v1/Turin/cert_chain", "/vcek/v1/Turin/crl", "/vlek/v1/Turin/crl",
                "/vcek/v1/Turin/c0ffee0000000001?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81",
            ],
            kds.Requests.Select(request => request.Path));
    }

    [Theory]
    [InlineData(404, KdsCodes.NotFound, false)]
    [InlineData(429, KdsCodes.Throttled, true)]
    [InlineData(500, KdsCodes.Unavailable, true)]
    [InlineData(502, KdsCodes.Unavailable, true)]
    [InlineData(503, KdsCodes.Unavailable, true)]
    [InlineData(408, KdsCodes.Unavailable, true)]
    [InlineData(400, KdsCodes.Refused, false)]
    [InlineData(403, KdsCodes.Refused, false)]
    [InlineData(302, KdsCodes.Refused, false)]
    [InlineData(204, KdsCodes.Malformed, false)]
    [InlineData(206, KdsCodes.Malformed, false)]
    public async Task Each_status_has_its_code(int status, string code, bool transient)
    {
        KdsException failure = await FailureAsync(_ => FakeKds.Answer(status));
        Assert.Equal((code, transient, (HttpStatusCode)status), (failure.Code, failure.IsTransient, failure.Status));
        Assert.Equal("/vcek/v1/Turin/c0ffee0000000001?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81", failure.Path);
        Assert.Contains("kds.example", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7", 7.0)]
    [InlineData("Tue, 24 Nov 2026 12:01:00 GMT", 60.0)]
    [InlineData("Tue, 24 Nov 2026 11:59:00 GMT", null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("2147483647", 2147483647.0)]
    public async Task Retry_After_is_read_in_seconds_and_as_a_date(string header, double? seconds) =>
        Assert.Equal(seconds, (await FailureAsync(_ => FakeKds.Answer(429, header))).RetryAfter?.TotalSeconds);

    [Fact]
    public async Task An_HTML_page_with_200_is_malformed_and_named_as_such()
    {
        KdsException failure = await FailureAsync(_ => FakeKds.Answer(HttpStatusCode.OK, "<html>log in</html>"u8.ToArray(), "text/html"));
        Assert.Equal((KdsCodes.Malformed, false), (failure.Code, failure.IsTransient));
        Assert.Contains("an HTML page of 19 bytes is not a certificate in DER", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_one_sequence_that_spans_all_bytes_is_a_certificate()
    {
        byte[] der = Simulated.Vcek(Simulated.Turin, Simulated.Chip(1), Simulated.Tcb);
        foreach (byte[] wrong in new[] { [], der[..^1], [.. der, 0], [.. der, .. der], Encoding.ASCII.GetBytes(Simulated.Turin.VcekChainPem) })
            Assert.Equal(KdsCodes.Malformed, (await FailureAsync(_ => FakeKds.Answer(HttpStatusCode.OK, wrong))).Code);
    }

    [Fact]
    public async Task A_chain_is_exactly_two_certificates()
    {
        string one = Simulated.Turin.Ark.CertificatePem;
        foreach (string wrong in new[] { "", one, one + one + one, "hello\n" + one + one, one + one + "hello", one.Replace("CERTIFICATE", "X509 CRL", StringComparison.Ordinal) + one })
        {
            FakeKds kds = new(_time) { Trouble = _ => FakeKds.Answer(HttpStatusCode.OK, Encoding.ASCII.GetBytes(wrong)) };
            using KdsClient client = kds.Client();
            Assert.Equal(KdsCodes.Malformed, (await Assert.ThrowsAsync<KdsException>(() => client.FetchVcekChainAsync(ProductLine.Turin, Ct))).Code);
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_body_that_is_too_large_is_not_read_to_its_end(bool announced)
    {
        EndlessStream endless = new();
        KdsException failure = await FailureAsync(_ =>
        {
            HttpResponseMessage response = new(HttpStatusCode.OK) { Content = new StreamContent(endless) };
            response.Content.Headers.ContentLength = announced ? 1L << 40 : null;
            return response;
        });
        Assert.Equal(KdsCodes.Malformed, failure.Code);
        Assert.True(endless.Given <= KdsRequest.MaximumCertificateSize + (32 * 1024), $"{endless.Given} bytes were read");
    }

    [Fact]
    public async Task No_answer_in_time_is_unreachable()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FakeKds kds = new(_time, Simulated.Turin)
        {
            Before = async (_, ct) => { asked.SetResult(); await new TaskCompletionSource().Task.WaitAsync(ct); },
        };
        using KdsClient client = kds.Client();
        Task<byte[]> fetch = client.FetchVcekChainAsync(ProductLine.Turin, Ct);
        await asked.Task;
        _time.Advance(TimeSpan.FromSeconds(30));
        KdsException failure = await Assert.ThrowsAsync<KdsException>(() => fetch);
        Assert.Equal((KdsCodes.Unreachable, true, null), (failure.Code, failure.IsTransient, failure.Status));
        Assert.Contains("no answer within 30 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_callers_cancellation_is_no_failure_of_the_service()
    {
        using CancellationTokenSource stop = new();
        FakeKds kds = new(_time, Simulated.Turin) { Before = async (_, ct) => { await stop.CancelAsync(); ct.ThrowIfCancellationRequested(); } };
        using KdsClient client = kds.Client();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.FetchVcekChainAsync(ProductLine.Turin, stop.Token));
    }

    [Theory]
    [InlineData("ftp://kds.example"), InlineData("https://user@kds.example"), InlineData("https://kds.example/?x=1"), InlineData("relative")]
    public void An_address_that_is_none_is_refused(string address) =>
        Assert.Throws<ArgumentException>(() => new KdsClient(new() { Address = new(address, UriKind.RelativeOrAbsolute) }));

    [Fact]
    public async Task Over_a_real_connection_cut_huge_slow_and_missing_are_told_apart()
    {
        await using SimulatedKds kds = SimulatedKds.Start(new(Simulated.Turin));
        using KdsClient client = new(new() { Address = kds.Address });
        kds.Register(SimulatedLine.Turin, Simulated.Chip(1));
        await client.FetchVcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb, Ct);

        kds.Inject(SimulatedKdsFault.Cut);
        Assert.Equal(KdsCodes.Unreachable, await CodeAsync(client, 1));
        kds.Inject(SimulatedKdsFault.CutInBody);
        Assert.Equal(KdsCodes.Unreachable, await CodeAsync(client, 1));
        kds.Inject(SimulatedKdsFault.HugeBody(1L << 30));
        Assert.Equal(KdsCodes.Malformed, await CodeAsync(client, 1));
        Assert.Equal(KdsCodes.NotFound, await CodeAsync(client, 2));

        using KdsClient hasty = new(new() { Address = kds.Address, Time = new ImpatientTime() });
        kds.Inject(SimulatedKdsFault.Slow(TimeSpan.FromMinutes(10)));
        Assert.Equal(KdsCodes.Unreachable, await CodeAsync(hasty, 1));
    }

    [Fact]
    public async Task Nobody_at_the_address_is_unreachable()
    {
        // Bound and not listening: it refuses, and no other test can get this port meanwhile.
        using Socket nobody = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using KdsClient client = new(new() { Address = new($"http://{nobody.LocalEndPoint}") });
        Assert.Equal(KdsCodes.Unreachable, await CodeAsync(client, 1));
    }

    private static async Task<string> CodeAsync(KdsClient client, int chip) =>
        (await Assert.ThrowsAsync<KdsException>(() => client.FetchVcekAsync(ProductLine.Turin, Simulated.Chip(chip), Simulated.Tcb, Ct))).Code;

    private async Task<KdsException> FailureAsync(Func<string, HttpResponseMessage?> trouble)
    {
        FakeKds kds = new(_time, Simulated.Turin) { Trouble = trouble };
        using KdsClient client = kds.Client();
        return await Assert.ThrowsAsync<KdsException>(() => client.FetchVcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb, Ct));
    }

    /// <summary>All waits are over a thousand times sooner.</summary>
    private sealed class ImpatientTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 1000 : dueTime, period);
    }

    private sealed class EndlessStream : Stream
    {
        public long Given { get; private set; }
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => Given; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Given += count;
            return count;
        }

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
