using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements;

/// <summary>VCEKs, issuers and CRLs: from the folder when they are there, else from the service, which is then asked once for all who wait.</summary>
/// <remarks>
/// Nothing leaves here that does not lead to a trusted root and is not what was asked for, whether it came from the folder or the network.
/// Dates and revocations are the verifier's. Who cannot wait for the service's pace waits with a token of their own and asks again later:
/// a fetch that somebody still waits for goes on. Safe for many threads, and for several processes on one folder.
/// </remarks>
public sealed class EndorsementStore : IDisposable
{
    private readonly EndorsementSource source;
    private readonly IssuerStore issuers;
    private readonly VcekStore vceks;
    private readonly RevocationStore revocations;

    /// <param name="queue">Null for a place without a network: what is not in the folder is not there. It stays the caller's.</param>
    public EndorsementStore(EndorsementFolder folder, KdsQueue? queue, EndorsementStoreOptions? options = null)
    {
        source = new EndorsementSource(folder, queue, options ?? new());
        issuers = new IssuerStore(source);
        vceks = new VcekStore(source, issuers);
        revocations = new RevocationStore(source, issuers);
    }

    /// <summary>The VCEK of a chip at a TCB. It never changes.</summary>
    /// <param name="chipId">CHIP_ID of a report, or hwID.</param>
    /// <param name="reportedTcb">REPORTED_TCB.</param>
    /// <exception cref="ArgumentException">The chip id is masked or of another size, or the TCB is one of another generation.</exception>
    /// <exception cref="KdsException">It is not in the folder, and the service has it not or could not be asked.</exception>
    public Task<VekCertificate> VcekAsync(ProductLine line, ReadOnlyMemory<byte> chipId, TcbVersion reportedTcb, CancellationToken ct = default) =>
        vceks.FindAsync(line, chipId, reportedTcb, ct);

    /// <summary>The root of a line and the issuers of its VCEKs, or of its VLEKs.</summary>
    /// <param name="of"><see cref="SigningKey.Vcek"/> or <see cref="SigningKey.Vlek"/>.</param>
    /// <exception cref="KdsException">They are not in the folder, and the service has them not or could not be asked.</exception>
    public Task<Issuers> IssuersAsync(ProductLine line, SigningKey of, CancellationToken ct = default) =>
        issuers.FindAsync(line, of, ct);

    /// <summary>The CRL published beside the VCEKs, or VLEKs, of a line.</summary>
    /// <returns>
    /// The one of the folder while it is valid; when it is due, it is refreshed meanwhile. One that is past its nextUpdate only when no newer
    /// one can be had.
    /// </returns>
    /// <exception cref="KdsException">There is none in the folder, and the service has none or could not be asked.</exception>
    public Task<RevocationList> RevocationsAsync(ProductLine line, SigningKey of, CancellationToken ct = default) =>
        revocations.FindAsync(line, of, ct);

    /// <summary>The issuers of a line with their CRL, as a verifier takes them.</summary>
    /// <remarks>Without a CRL when none can be had; whether one is required is the policy's.</remarks>
    public async Task<TrustedIssuers> TrustedIssuersAsync(ProductLine line, SigningKey of, CancellationToken ct = default)
    {
        Issuers known = await IssuersAsync(line, of, ct);
        List<RevocationList> lists = [];
        try
        {
            lists.Add(await RevocationsAsync(line, of, ct));
        }
        catch (KdsException e)
        {
            revocations.NotRefreshed(EndorsementFile.Revocations(line, of), e);
        }
        return TrustedIssuers.From([known.Root], known.Intermediates, lists, source.SimulatedRoots);
    }

    /// <summary>Waits for CRLs that are being refreshed behind the callers' backs. For programs that end.</summary>
    public Task FinishRefreshesAsync(CancellationToken ct = default) => revocations.FinishRefreshesAsync(ct);

    /// <summary>All that is in the folder, and what is wrong with it.</summary>
    public EndorsementInventory List() => EndorsementInventory.Read(source.Folder, source.SimulatedRoots, source.Now);

    public void Dispose() => revocations.Dispose();
}
