using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Tests.Snp;

public sealed class KdsTests(Chains chains) : IDisposable
{
    private const string Milan = "vcek/v1/Milan/";
    private const string Turin = "vcek/v1/Turin/";
    private const string Levels = "?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219";

    private const string SixtyFourBytes =
        "0000000000000000000000000000000000000000000000000000000000000000"
        + "0000000000000000000000000000000000000000000000000000000000000000";

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_registered_chips_VCEK_is_the_one_that_its_reports_are_signed_with()
    {
        await using SimulatedKds kds = Start();
        using SimulatedSecurityProcessor milan = new(chains[SimulatedLine.Milan]), turin = new(chains[SimulatedLine.Turin]);
        kds.Register(SimulatedLine.Milan, milan.ChipId);
        kds.Register(SimulatedLine.Turin, turin.ChipId);
        byte[] ofMilan = await _client.GetByteArrayAsync(At(kds, Milan + Hex(milan.ChipId) + Levels), Ct);
        byte[] ofTurin = await _client.GetByteArrayAsync(
            At(kds, Turin + Hex(turin.ChipId) + "?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81"), Ct);
        Assert.Equal(milan.Vcek.Key.ExportSubjectPublicKeyInfo(), PublicKey(ofMilan));
        Assert.Equal(turin.Vcek.Key.ExportSubjectPublicKeyInfo(), PublicKey(ofTurin));
        Assert.Equal(ofMilan, await _client.GetByteArrayAsync(At(kds, Milan + Hex(milan.ChipId) + Levels), Ct));
    }

    [Fact]
    public async Task Chains_and_revocation_lists_are_where_AMD_has_them()
    {
        SimulatedAuthority milan = chains[SimulatedLine.Milan];
        await using SimulatedKds kds = SimulatedKds.Start(new(milan) { VcekCrl = _ => [1], VlekCrl = _ => [2] });
        Assert.Equal(milan.VcekChainPem, await _client.GetStringAsync(At(kds, "vcek/v1/Milan/cert_chain"), Ct));
        Assert.Equal(milan.VlekChainPem, await _client.GetStringAsync(At(kds, "vlek/v1/Milan/cert_chain"), Ct));
        Assert.Equal([1], await _client.GetByteArrayAsync(At(kds, "vcek/v1/Milan/crl"), Ct));
        Assert.Equal([2], await _client.GetByteArrayAsync(At(kds, "vlek/v1/Milan/crl"), Ct));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "vcek/v1/Genoa/cert_chain")]
    [InlineData(HttpStatusCode.NotFound, "vcek/v1/milan/cert_chain")]
    [InlineData(HttpStatusCode.NotFound, "vlek/v1/Milan/cert?blSPL=4")]
    [InlineData(HttpStatusCode.NotFound, "")]
    [InlineData(HttpStatusCode.NotFound, Milan + "00" + Levels)]
    [InlineData(HttpStatusCode.NotFound, Turin + SixtyFourBytes + "?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81")]
    [InlineData(HttpStatusCode.NotFound, Turin + "59790fb1c39f35c1?blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81")]
    [InlineData(HttpStatusCode.BadRequest, Turin + "59790fb1c39f35c1?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=256")]
    [InlineData(HttpStatusCode.BadRequest, Turin + "59790fb1c39f35c1?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4")]
    [InlineData(HttpStatusCode.OK, Turin + "59790FB1C39F35C1?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81")]
    public async Task What_is_not_there_is_refused(HttpStatusCode status, string path)
    {
        await using SimulatedKds kds = SimulatedKds.Start(new(chains[SimulatedLine.Milan], chains[SimulatedLine.Turin]) { AnyChip = true });
        using HttpResponseMessage answer = await _client.GetAsync(At(kds, path), Ct);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task An_unknown_chip_is_not_found()
    {
        await using SimulatedKds kds = Start();
        using HttpResponseMessage answer = await _client.GetAsync(At(kds, Milan + new string('0', 128) + Levels), Ct);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Who_asks_too_often_is_told_how_long_to_wait()
    {
        await using SimulatedKds kds = Start(TimeSpan.FromSeconds(10));
        Uri chain = At(kds, "vcek/v1/Milan/cert_chain");
        Assert.Equal([200], await Statuses(chain));
        _time.Advance(TimeSpan.FromSeconds(3.5));
        using (HttpResponseMessage refused = await _client.GetAsync(chain, Ct))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(7), refused.Headers.RetryAfter?.Delta);
        }
        _time.Advance(TimeSpan.FromSeconds(6.5));
        Assert.Equal([200, 429], await Statuses(chain, chain));
        Assert.Equal([200, 429, 200, 429], kds.Requests.Select(request => request.Status));
        Assert.Equal(4, kds.Count("/vcek/v1/Milan/cert_chain"));
    }

    [Fact]
    public async Task Faults_are_suffered_in_order_and_as_often_as_asked()
    {
        await using SimulatedKds kds = Start();
        kds.Inject(SimulatedKdsFault.Status(500), times: 2);
        kds.Inject(SimulatedKdsFault.Status(503, "soon") with { PathContains = "crl" });
        Uri chain = At(kds, "vcek/v1/Milan/cert_chain"), crl = At(kds, "vcek/v1/Milan/crl");
        Assert.Equal([500, 500, 200, 503, 200], await Statuses(chain, chain, chain, crl, crl));
    }

    [Fact]
    public async Task Connections_are_cut_before_and_within_an_answer()
    {
        await using SimulatedKds kds = Start();
        kds.Inject(SimulatedKdsFault.Cut);
        kds.Inject(SimulatedKdsFault.CutInBody);
        Uri chain = At(kds, "vcek/v1/Milan/cert_chain");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.GetStringAsync(chain, Ct));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _client.GetStringAsync(chain, Ct));
        Assert.Equal([0, 200], kds.Requests.Select(request => request.Status));
    }

    [Fact]
    public async Task Wrong_and_endless_contents_are_answered()
    {
        await using SimulatedKds kds = Start();
        kds.Inject(SimulatedKdsFault.Content(1, 2, 3));
        kds.Inject(SimulatedKdsFault.HugeBody(100_000));
        kds.Inject(SimulatedKdsFault.HugeBody(long.MaxValue));
        Uri chain = At(kds, "vcek/v1/Milan/cert_chain");
        Assert.Equal([1, 2, 3], await _client.GetByteArrayAsync(chain, Ct));
        Assert.Equal(100_000, (await _client.GetByteArrayAsync(chain, Ct)).Length);
        using HttpResponseMessage endless = await _client.GetAsync(chain, HttpCompletionOption.ResponseHeadersRead, Ct);
        await using Stream body = await endless.Content.ReadAsStreamAsync(Ct);
        await body.ReadExactlyAsync(new byte[1_000_000], Ct);
    }

    [Fact]
    public async Task A_slow_answer_comes_when_its_time_has_come()
    {
        await using SimulatedKds kds = Start();
        kds.Inject(SimulatedKdsFault.Slow(TimeSpan.FromMinutes(5)) with { PathContains = "cert_chain" });
        Task<string> slow = _client.GetStringAsync(At(kds, "vcek/v1/Milan/cert_chain"), Ct);
        Assert.Equal([200], await Statuses(At(kds, "vcek/v1/Milan/crl")));
        Assert.False(slow.IsCompleted);
        // The clock may move before the service begins to wait on it.
        while (!slow.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
        Assert.Equal(chains[SimulatedLine.Milan].VcekChainPem, await slow);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told()
    {
        await using SimulatedKds kds = Start();
        SimulationException taken = Assert.Throws<SimulationException>(
            () => SimulatedKds.Start(new(chains[SimulatedLine.Milan]) { Port = kds.Address.Port }));
        Assert.StartsWith($"cannot listen on 127.0.0.1:{kds.Address.Port}: ", taken.Message, StringComparison.Ordinal);
    }

    private SimulatedKds Start(TimeSpan interval = default) =>
        SimulatedKds.Start(new(chains[SimulatedLine.Milan], chains[SimulatedLine.Turin]) { Time = _time, Interval = interval });

    private async Task<List<int>> Statuses(params Uri[] addresses)
    {
        List<int> statuses = [];
        foreach (Uri address in addresses)
        {
            using HttpResponseMessage answer = await _client.GetAsync(address, Ct);
            statuses.Add((int)answer.StatusCode);
        }
        return statuses;
    }

    private static Uri At(SimulatedKds kds, string path) => new(kds.Address, path);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static byte[] PublicKey(byte[] certificate)
    {
        using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(certificate);
        return parsed.PublicKey.ExportSubjectPublicKeyInfo();
    }
}
