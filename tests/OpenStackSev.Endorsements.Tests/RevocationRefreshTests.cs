using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements.Tests;

/// <summary>A CRL that is there, and when another one takes its place.</summary>
public sealed class RevocationRefreshTests : EndorsementStoreLab
{
    [Fact]
    public async Task A_CRL_is_due_when_a_quarter_of_its_life_is_left_and_when_it_is_a_day_old()
    {
        using EndorsementStore patient = new(new(_folder.Path), _queue, new() { SimulatedRoots = Simulated.Roots, Time = _time, RevocationsMaximumAge = TimeSpan.FromDays(10_000) });
        Task<RevocationList> CrlAsync() => patient.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct);
        RevocationList first = await _time.RunAsync(_queue, CrlAsync());       // a day old, of 360
        _time.Advance(TimeSpan.FromDays(268));
        await CrlAsync();
        await patient.FinishRefreshesAsync(Ct);
        Assert.Equal(1, _kds.Count("/crl"));
        _kds.CrlThisUpdate = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(first.Der, (await CrlAsync()).Der);
        await _time.RunAsync(_queue, patient.FinishRefreshesAsync(Ct));
        Assert.Equal(2, _kds.Count("/crl"));
        Assert.Equal(_kds.CrlThisUpdate, (await CrlAsync()).ThisUpdate);

        _time.Advance(TimeSpan.FromDays(1));
        await _store.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct);
        await _time.RunAsync(_queue, _store.FinishRefreshesAsync(Ct));
        Assert.Equal(3, _kds.Count("/crl"));
    }

    [Fact]
    public async Task A_CRL_is_refreshed_behind_the_callers_back_before_its_nextUpdate()
    {
        Task<RevocationList> CrlAsync() => _store.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct);
        RevocationList first = await _time.RunAsync(_queue, CrlAsync());
        for (int i = 0; i < 20; i++)
            Assert.Equal(first.Der, (await CrlAsync()).Der);
        Assert.Equal(1, _kds.Count("/crl"));

        _kds.CrlThisUpdate = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(first.Der, (await CrlAsync()).Der);        // at once, the old one
        await WaitAsync(() => _kds.Count("/crl") == 2 && CrlAsync().IsCompletedSuccessfully);
        await WaitAsync(() => CrlAsync().Result.ThisUpdate > first.ThisUpdate);
        Assert.Equal(2, _kds.Count("/crl"));
    }

    [Fact]
    public async Task A_CRL_that_cannot_be_refreshed_stays_and_is_asked_for_once_an_hour()
    {
        Task<RevocationList> CrlAsync() => _store.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct);
        RevocationList first = await _time.RunAsync(_queue, CrlAsync());
        _kds.Trouble = _ => FakeKds.Answer(404);
        _time.Advance(TimeSpan.FromDays(300));
        for (int hour = 1; hour <= 3; hour++)
        {
            Assert.Equal(first.Der, (await CrlAsync()).Der);
            await WaitAsync(() => { lock (_noticed) return _noticed.Count == hour; });
            for (int i = 0; i < 10; i++)
                await CrlAsync();
            Assert.Equal(hour + 1, _kds.Count("/crl"));
            _time.Advance(TimeSpan.FromHours(1));
        }
        Assert.All(_noticed, finding => Assert.Equal(EndorsementCodes.CrlNotRefreshed.Code, finding.Code));

        _time.Advance(TimeSpan.FromDays(100));      // past nextUpdate: the caller waits, and has the old one in the end
        Assert.Equal(first.Der, (await _time.RunAsync(_queue, CrlAsync())).Der);
        _kds.Trouble = _ => null;
        _kds.CrlThisUpdate = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True((await _time.RunAsync(_queue, CrlAsync())).ThisUpdate > first.ThisUpdate);
    }

    [Fact]
    public async Task An_older_CRL_and_one_that_the_root_did_not_sign_do_not_replace_the_one_that_is_there()
    {
        Task<RevocationList> CrlAsync() => _store.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct);
        RevocationList first = await _time.RunAsync(_queue, CrlAsync());
        _kds.CrlThisUpdate -= TimeSpan.FromDays(30);
        _time.Advance(TimeSpan.FromDays(1));
        await CrlAsync();
        await WaitAsync(() => { lock (_noticed) return _noticed.Count == 1; });
        Assert.Equal(EndorsementCodes.CrlReplayed.Code, _noticed[0].Code);

        byte[] forged = Simulated.OtherTurin.IssueCrl(new() { ThisUpdate = _time.GetUtcNow() });
        _kds.Trouble = _ => FakeKds.Answer(System.Net.HttpStatusCode.OK, forged);
        _time.Advance(TimeSpan.FromHours(2));
        await CrlAsync();
        await WaitAsync(() => { lock (_noticed) return _noticed.Count == 2; });
        Assert.Contains(SnpCodes.CrlSignature.Code, _noticed[1].Actual, StringComparison.Ordinal);
        Assert.Equal(first.Der, (await CrlAsync()).Der);
    }
}
