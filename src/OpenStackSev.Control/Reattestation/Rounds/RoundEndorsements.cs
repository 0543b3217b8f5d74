using System.Collections.Concurrent;
using System.Security.Cryptography;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Endorsements;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>The chain that a report is verified with: kept from before, brought by the guest, from the folder, or from AMD's service.</summary>
/// <remarks>
/// What a guest brings is a candidate among others: only what leads to a trusted root is kept. The service is asked for approved chips at the TCB
/// that their host reports and for nothing else, so that no report decides what leaves this machine.
/// </remarks>
internal sealed partial class RoundEndorsements : IDisposable
{
    /// <summary>A new revocation list is seen after this at the latest.</summary>
    private static readonly TimeSpan s_issuersLifetime = TimeSpan.FromSeconds(30);

    private const int MostCandidates = 4;
    private const int MostChains = 20_000;

    private readonly ConcurrentDictionary<(ProductLine Line, SigningKey Of), Known> issuers = new();
    private readonly KdsClient? client;
    private readonly KdsQueue? queue;
    private readonly EndorsementStore online;
    private readonly EndorsementStore offline;
    private readonly ReattestationOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<RoundEndorsements> log;

    public RoundEndorsements(EndorsementOptions endorsements, ProcessOptions process, ReattestationOptions options, TimeProvider time, ILogger<RoundEndorsements> log)
    {
        (this.options, this.time, this.log) = (options, time, log);
        var folder = new EndorsementFolder(endorsements.FolderIn(process));
        if (endorsements.UseKds)
        {
            client = new KdsClient(new KdsOptions { Address = endorsements.KdsUrl, Pace = endorsements.KdsPace, Time = time });
            queue = new KdsQueue(client);
        }

        var storing = new EndorsementStoreOptions
        {
            SimulatedRoots = endorsements.SimulatedRoots.ToHashSet(StringComparer.Ordinal),
            Noticed = finding => LogNoticed(finding.Code, finding.Subject, finding.Actual),
            Time = time,
        };
        online = new EndorsementStore(folder, queue, storing);
        offline = new EndorsementStore(folder, null, storing);
    }

    /// <param name="report">As it was received, and parsed.</param>
    /// <param name="certificates">What the guest brought; null for nothing.</param>
    /// <param name="chip">The chip that CHIP_ID names; null when no host has it, or it is masked.</param>
    /// <returns>Null when no key is there that could have signed: now, or ever.</returns>
    public async Task<EndorsementChain?> ChainAsync(AttestationReport report, byte[] bytes, byte[]? certificates, KnownChip? chip, CancellationToken ct)
    {
        if (report.SigningKey == SigningKey.None)
            return null;
        List<VekCertificate>? brought = null;
        if ((report.Product?.Line() ?? ((brought = Brought(report, certificates)) is [{ Line: var told }, ..] ? told : (ProductLine?)null)) is not { } line)
            return null;
        if (await IssuersAsync(line, report.SigningKey, ct) is not { } known)
            return null;
        string? name = report.SigningKey == SigningKey.Vcek && !report.ChipIdMasked ? $"{Convert.ToHexString(report.ChipId.Span)} {report.ReportedTcb}" : null;
        if (name is not null && known.Chains.TryGetValue(name, out EndorsementChain? kept))
            return kept;

        EndorsementChain? chain = EndorsementChoice.ChainOf(bytes, brought ?? Brought(report, certificates), known.Issuers);
        if (chain?.LeadsToTrustedRoot != true && name is not null && await VcekAsync(line, report, chip, ct) is { } vcek)
            chain = EndorsementChain.Of(vcek, known.Issuers);
        if (name is not null && chain?.LeadsToTrustedRoot == true)
        {
            if (known.Chains.Count >= MostChains)
                known.Chains.Clear();
            known.Chains[name] = chain;
        }

        return chain;
    }

    /// <summary>PEM of a key with its issuer and root, and of the revocation list, as far as they are there: for somebody who verifies elsewhere.</summary>
    public async Task<(string Certificates, string? Revocations)> BundleAsync(byte[] vek, CancellationToken ct)
    {
        string certificates = PemEncoding.WriteString("CERTIFICATE", vek) + "\n";
        if (!VekCertificate.TryParse(vek, out VekCertificate? key, out _) || await IssuersAsync(key.Line, key.Kind, ct) is not { } known)
            return (certificates, null);
        var chain = EndorsementChain.Of(key, known.Issuers);
        foreach (AuthorityCertificate authority in new[] { chain.Issuer, chain.Root }.OfType<AuthorityCertificate>())
            certificates += PemEncoding.WriteString("CERTIFICATE", authority.Der.Span) + "\n";
        RevocationList? list = await WaitAsync(online.RevocationsAsync(key.Line, key.Kind, CancellationToken.None), ct);
        return (certificates, list is null ? null : PemEncoding.WriteString("X509 CRL", list.Der.Span) + "\n");
    }

    public void Dispose()
    {
        online.Dispose();
        offline.Dispose();
        queue?.Dispose();
        client?.Dispose();
    }

    /// <summary>Keys among what the guest brought that fit the report; no more than a host has reason to give.</summary>
    private static List<VekCertificate> Brought(AttestationReport report, byte[]? certificates)
    {
        if (certificates is not { Length: > 0 } || !CertificateTable.TryParse(certificates, out IReadOnlyList<CertificateTableEntry> entries, out _))
            return [];
        var fitting = new List<VekCertificate>();
        foreach (CertificateTableEntry entry in entries.Where(entry => entry.Kind == CertificateTable.Vcek || entry.Kind == CertificateTable.Vlek).Take(MostCandidates))
        {
            if (VekCertificate.TryParse(entry.Content.ToArray(), out VekCertificate? key, out _) && key.Kind == report.SigningKey && key.Tcb == report.ReportedTcb
                && (key.ChipId is not { } id || report.ChipIdMasked || report.ChipId.Span[..id.Length].SequenceEqual(id.Span)))
            {
                fitting.Add(key);
            }
        }

        return fitting;
    }

    private async Task<VekCertificate?> VcekAsync(ProductLine line, AttestationReport report, KnownChip? chip, CancellationToken ct)
    {
        bool mayAsk = chip is { Row.Status: ChipStatus.Approved, ReportedTcb: { } tcb }
            && TcbVersion.Read(tcb, report.ReportedTcb.Layout, out _) == report.ReportedTcb;
        EndorsementStore store = mayAsk ? online : offline;
        return await WaitAsync(store.VcekAsync(line, report.ChipId, report.ReportedTcb, CancellationToken.None), ct);
    }

    private async Task<Known?> IssuersAsync(ProductLine line, SigningKey of, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (issuers.TryGetValue((line, of), out Known? known) && known.ReadAt <= now && now - known.ReadAt < s_issuersLifetime)
            return known;
        if (await WaitAsync(online.TrustedIssuersAsync(line, of, CancellationToken.None), ct) is not { } read)
            return null;
        return issuers[(line, of)] = new Known(read, now, new ConcurrentDictionary<string, EndorsementChain>(StringComparer.Ordinal));
    }

    /// <summary>Waits for a while; who fetches goes on after that, since the guest comes again.</summary>
    private async Task<T?> WaitAsync<T>(Task<T> fetch, CancellationToken ct)
        where T : class
    {
        try
        {
            return await fetch.WaitAsync(options.EndorsementWait, time, ct);
        }
        catch (TimeoutException)
        {
            _ = fetch.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return null;
        }
        catch (KdsException e)
        {
            LogMissing(e.Message);
            return null;
        }
    }

    [LoggerMessage(4321, LogLevel.Warning, "endorsements: {Code} {Subject}: {Actual}")]
    private partial void LogNoticed(string code, string subject, string actual);

    [LoggerMessage(4322, LogLevel.Warning, "an endorsement is missing: {Reason}")]
    private partial void LogMissing(string reason);

    /// <summary>Issuers with their CRLs, and the chains that were verified with them.</summary>
    private sealed record Known(TrustedIssuers Issuers, DateTimeOffset ReadAt, ConcurrentDictionary<string, EndorsementChain> Chains);
}
