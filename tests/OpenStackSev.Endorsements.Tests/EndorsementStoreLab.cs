using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements.Tests;

/// <summary>A store with an empty folder, before a KDS of simulated authorities, on a clock that a test moves.</summary>
public abstract class EndorsementStoreLab : IDisposable
{
    private protected readonly FakeTimeProvider _time = new(new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
    private protected readonly TemporaryFolder _folder = new();
    private protected readonly List<Finding> _noticed = [];
    private protected readonly FakeKds _kds;
    private protected readonly KdsQueue _queue;
    private protected EndorsementStore _store;

    protected EndorsementStoreLab()
    {
        _kds = new(_time, Simulated.Turin, Simulated.Milan);
        _queue = _kds.Queue();
        _store = Store(_queue);
    }

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _store.Dispose();
        _queue.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected EndorsementStore Store(KdsQueue? queue, IReadOnlySet<string>? roots = null) => new(new(_folder.Path), queue, new()
    {
        SimulatedRoots = roots ?? Simulated.Roots,
        Time = _time,
        Noticed = finding => { lock (_noticed) _noticed.Add(finding); },
    });

    private protected Task<VekCertificate> VcekAsync(int chip, CancellationToken? ct = null) =>
        _store.VcekAsync(ProductLine.Turin, Simulated.Chip(chip), Simulated.Tcb, ct ?? Ct);

    private protected string VcekFile(int chip) => _folder.At(EndorsementFile.Vcek(ProductLine.Turin, Simulated.Chip(chip), Simulated.Tcb).Path);

    private protected async Task<KdsException> FailureAsync(int chip)
    {
        Task<VekCertificate> fetch = VcekAsync(chip);
        await _time.RunAsync(_queue, (Task)fetch);
        return await Assert.ThrowsAsync<KdsException>(() => fetch);
    }

    /// <summary>For what happens behind the caller's back.</summary>
    private protected async Task WaitAsync(Func<bool> happened)
    {
        while (!happened())
        {
            if (_queue.Status is { Sending: null, NextIn: { Ticks: > 0 } wait })
                _time.Advance(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)));
            await Task.Yield();
        }
    }
}
