using System.Collections.Concurrent;
using System.Net;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements;

/// <summary>How an endorsement store works.</summary>
public sealed record EndorsementStoreOptions
{
    /// <summary>SHA-256 of simulated ARKs to trust, in lower-case hexadecimal. AMD's are always trusted.</summary>
    public IReadOnlySet<string> SimulatedRoots { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>How long a "not found" is remembered, so that a sick chip does not use up the service's pace. In memory only.</summary>
    public TimeSpan NotFoundFor { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A CRL is asked for again after so long, whatever its nextUpdate: revocations are published early.</summary>
    public TimeSpan RevocationsMaximumAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Least time between two attempts to refresh a CRL or a chain that was there already.</summary>
    public TimeSpan RefreshAtMostEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Told of what was found wrong on the way and overcome: a corrupted file, a CRL that could not be refreshed.</summary>
    public Action<Finding>? Noticed { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>VCEKs, issuers and CRLs: from the folder when they are there, else from the service, which is then asked once for all who wait.</summary>
/// <remarks>
/// Nothing leaves here that does not lead to a trusted root and is not what was asked for, whether it came from the folder or the network.
/// Dates and revocations are the verifier's. Who cannot wait for the service's pace waits with a token of their own and asks again later:
/// a fetch that somebody still waits for goes on. Safe for many threads, and for several processes on one folder.
/// </remarks>
public sealed class EndorsementStore : IDisposable
{
    private const int MaximumRemembered = 10_000;

    private readonly EndorsementFolder _folder;
    private readonly KdsQueue? _queue;
    private readonly EndorsementStoreOptions _options;
    private readonly SharedFetches<VekCertificate> _vceks = new();
    private readonly SharedFetches<Issuers> _issuers = new();
    private readonly SharedFetches<RevocationList> _revocations = new();
    private readonly ConcurrentDictionary<string, VekCertificate> _knownVceks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Issuers> _knownIssuers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Absence> _absent = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _refreshed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _refreshing = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    /// <param name="queue">Null for a place without a network: what is not in the folder is not there. It stays the caller's.</param>
    public EndorsementStore(EndorsementFolder folder, KdsQueue? queue, EndorsementStoreOptions? options = null) =>
        (_folder, _queue, _options) = (folder, queue, options ?? new());

    private DateTimeOffset Now => _options.Time.GetUtcNow();

    /// <summary>The VCEK of a chip at a TCB. It never changes.</summary>
    /// <param name="chipId">CHIP_ID of a report, or hwID.</param>
    /// <param name="reportedTcb">REPORTED_TCB.</param>
    /// <exception cref="ArgumentException">The chip id is masked or of another size, or the TCB is one of another generation.</exception>
    /// <exception cref="KdsException">It is not in the folder, and the service has it not or could not be asked.</exception>
    public Task<VekCertificate> VcekAsync(ProductLine line, ReadOnlyMemory<byte> chipId, TcbVersion reportedTcb, CancellationToken ct = default)
    {
        EndorsementFile file = EndorsementFile.Vcek(line, chipId.Span, reportedTcb);
        if (_knownVceks.TryGetValue(file.Path, out VekCertificate? known))
            return Task.FromResult(known);
        KdsRequest request = KdsRequest.Vcek(line, chipId.Span, reportedTcb);
        return _vceks.JoinAsync(file.Path, stop => FindVcekAsync(file, request, stop), ct);
    }

    /// <summary>The root of a line and the issuers of its VCEKs, or of its VLEKs.</summary>
    /// <param name="of"><see cref="SigningKey.Vcek"/> or <see cref="SigningKey.Vlek"/>.</param>
    /// <exception cref="KdsException">They are not in the folder, and the service has them not or could not be asked.</exception>
    public Task<Issuers> IssuersAsync(ProductLine line, SigningKey of, CancellationToken ct = default)
    {
        string name = Name(line, of);
        return _knownIssuers.TryGetValue(name, out Issuers? known) ? Task.FromResult(known)
            : _issuers.JoinAsync(name, stop => FindIssuersAsync(line, of, stop), ct);
    }

    /// <summary>The CRL published beside the VCEKs, or VLEKs, of a line.</summary>
    /// <returns>
    /// The one of the folder while it is valid; when it is due, it is refreshed meanwhile. One that is past its nextUpdate only when no newer
    /// one can be had.
    /// </returns>
    /// <exception cref="KdsException">There is none in the folder, and the service has none or could not be asked.</exception>
    public async Task<RevocationList> RevocationsAsync(ProductLine line, SigningKey of, CancellationToken ct = default)
    {
        Issuers issuers = await IssuersAsync(line, of, ct);
        EndorsementFile file = EndorsementFile.Revocations(line, of);
        RevocationList? known = ReadRevocations(file, issuers);
        if (known is null)
            return await RefreshRevocationsAsync(file, issuers, ct);
        if (!IsDue(known, file) || !MayRefresh(file.Path))
            return known;
        if (known.NextUpdate > Now)
        {
            RefreshBehind(file, issuers);
            return known;
        }
        try
        {
            return await RefreshRevocationsAsync(file, issuers, ct);
        }
        catch (KdsException e)
        {
            NotRefreshed(file, e);
            return known;
        }
    }

    /// <summary>The issuers of a line with their CRL, as a verifier takes them.</summary>
    /// <remarks>Without a CRL when none can be had; whether one is required is the policy's.</remarks>
    public async Task<TrustedIssuers> TrustedIssuersAsync(ProductLine line, SigningKey of, CancellationToken ct = default)
    {
        Issuers issuers = await IssuersAsync(line, of, ct);
        List<RevocationList> revocations = [];
        try
        {
            revocations.Add(await RevocationsAsync(line, of, ct));
        }
        catch (KdsException e)
        {
            NotRefreshed(EndorsementFile.Revocations(line, of), e);
        }
        return TrustedIssuers.From([issuers.Root], issuers.Intermediates, revocations, _options.SimulatedRoots);
    }

    /// <summary>Waits for CRLs that are being refreshed behind the callers' backs. For programs that end.</summary>
    public Task FinishRefreshesAsync(CancellationToken ct = default) => Task.WhenAll(_refreshing.Values).WaitAsync(ct);

    /// <summary>All that is in the folder, and what is wrong with it.</summary>
    public EndorsementInventory List() => EndorsementInventory.Read(_folder, _options.SimulatedRoots, Now);

    public void Dispose()
    {
        if (_stop.IsCancellationRequested)
            return;
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task<VekCertificate> FindVcekAsync(EndorsementFile file, KdsRequest request, CancellationToken ct)
    {
        Issuers issuers = await IssuersAsync(file.Line, SigningKey.Vcek, ct);
        if (ReadVcek(file, issuers) is { } known)
            return Remember(file, known);
        if (_absent.TryGetValue(file.Path, out Absence? absence) && absence.Until > Now)
            throw absence.Said.For(request.Path);

        byte[] answer;
        try
        {
            answer = await AskAsync(request, ct);
        }
        catch (KdsException e) when (e.Code == KdsCodes.NotFound)
        {
            RememberAbsence(file, e);
            throw;
        }

        if (!VekCertificate.TryParse(answer, out VekCertificate? key, out Finding? malformed))
            throw Untrusted(request, malformed);
        if (key.ChipId is null || EndorsementFile.Of(key) != file)
        {
            throw Untrusted(request, EndorsementCodes.FileMisplaced.Finds("VCEK", file.Path,
                key.ChipId is null ? "a VLEK" : EndorsementFile.Of(key).Path));
        }
        if (issuers.Check(key) is [Finding unsigned, ..])
        {
            // AMD may have another issuer by now.
            issuers = MayRefresh(Name(file.Line, SigningKey.Vcek)) ? await RefreshIssuersAsync(file.Line, SigningKey.Vcek, ct) : issuers;
            if (issuers.Check(key).Count > 0)
                throw Untrusted(request, unsigned);
        }
        Write(file, answer);
        return Remember(file, key);
    }

    private VekCertificate? ReadVcek(EndorsementFile file, Issuers issuers)
    {
        if (Read(file) is not { } content)
            return null;
        if (!VekCertificate.TryParse(content, out VekCertificate? key, out Finding? malformed))
            return Notice(EndorsementCodes.FileMalformed.Finds(file.Path, malformed.Expected, malformed.Actual));
        if (key.ChipId is null || EndorsementFile.Of(key) != file)
            return Notice(EndorsementCodes.FileMisplaced.Finds(file.Path, "the chip and the TCB of its name", "another one"));
        return issuers.Check(key) is [Finding wrong, ..] ? Notice(wrong with { Subject = file.Path }) : key;

        VekCertificate? Notice(Finding finding)
        {
            _options.Noticed?.Invoke(finding);
            return null;
        }
    }

    private VekCertificate Remember(EndorsementFile file, VekCertificate key)
    {
        if (_knownVceks.Count >= MaximumRemembered)
            _knownVceks.Clear();        // they are in the folder
        _knownVceks[file.Path] = key;
        return key;
    }

    private void RememberAbsence(EndorsementFile file, KdsException said)
    {
        if (_absent.Count >= MaximumRemembered)
            _absent.Clear();
        _absent[file.Path] = new(said, Now + _options.NotFoundFor);
    }

    private async Task<Issuers> FindIssuersAsync(ProductLine line, SigningKey of, CancellationToken ct)
    {
        Issuers issuers = ReadIssuers(line, of) ?? await FetchIssuersAsync(line, of, ct);
        _knownIssuers[Name(line, of)] = issuers;
        return issuers;
    }

    private Task<Issuers> RefreshIssuersAsync(ProductLine line, SigningKey of, CancellationToken ct)
    {
        _refreshed[Name(line, of)] = Now;
        return _issuers.JoinAsync(Name(line, of) + " again", async stop =>
        {
            Issuers fetched = await FetchIssuersAsync(line, of, stop);
            IEnumerable<AuthorityCertificate> before = _knownIssuers.TryGetValue(Name(line, of), out Issuers? known)
                && known.Root.Sha256 == fetched.Root.Sha256 ? known.Intermediates : [];
            Issuers all = Issuers.Of(fetched.Root, [.. before.Concat(fetched.Intermediates).DistinctBy(issuer => issuer.Sha256)], _options.SimulatedRoots);
            _knownIssuers[Name(line, of)] = all;
            return all;
        }, ct);
    }

    private Issuers? ReadIssuers(ProductLine line, SigningKey of)
    {
        if (ReadAuthority(EndorsementFile.Authority(AuthorityRole.Ark, line)) is not { } root
            || !Passes(AuthorityChecks.OfRoot(root, line, _options.SimulatedRoots), EndorsementFile.Authority(AuthorityRole.Ark, line)))
        {
            return null;
        }
        List<AuthorityCertificate> intermediates = [];
        foreach (EndorsementFile file in _folder.Issuers(line, of))
        {
            if (ReadAuthority(file) is { } issuer && Passes(AuthorityChecks.OfIssuer(issuer, root), file))
                intermediates.Add(issuer);
        }
        return intermediates.Count > 0 ? Issuers.Of(root, intermediates, _options.SimulatedRoots) : null;
    }

    private bool Passes(IEnumerable<Finding> findings, EndorsementFile file)
    {
        if (findings.FirstOrDefault() is not { } wrong)
            return true;
        _options.Noticed?.Invoke(wrong with { Subject = file.Path });
        return false;
    }

    private AuthorityCertificate? ReadAuthority(EndorsementFile file)
    {
        if (Read(file) is not { } content)
            return null;
        if (!AuthorityCertificate.TryParse(content, out AuthorityCertificate? authority, out Finding? malformed))
        {
            _options.Noticed?.Invoke(EndorsementCodes.FileMalformed.Finds(file.Path, malformed.Expected, malformed.Actual));
            return null;
        }
        if (EndorsementFile.Of(authority).Kind == file.Kind && authority.Line == file.Line)
            return authority;
        _options.Noticed?.Invoke(EndorsementCodes.FileMisplaced.Finds(file.Path, "what its name says", authority.Name));
        return null;
    }

    private async Task<Issuers> FetchIssuersAsync(ProductLine line, SigningKey of, CancellationToken ct)
    {
        KdsRequest request = of == SigningKey.Vcek ? KdsRequest.VcekChain(line) : KdsRequest.VlekChain(line);
        EndorsementBundle chain = EndorsementBundle.Of(await AskAsync(request, ct), "chain");
        AuthorityRole role = of == SigningKey.Vcek ? AuthorityRole.Ask : AuthorityRole.Asvk;
        AuthorityCertificate? root = chain.Roots.FirstOrDefault(), issuer = chain.Authorities.FirstOrDefault(a => a.Role == role);
        if (root is null || issuer is null)
        {
            throw Untrusted(request, SnpCodes.CertificateMalformed.Finds("chain", $"the {role.ToString().ToUpperInvariant()} and the ARK of {line}",
                string.Join(" and ", chain.Authorities.Select(a => a.Name)) is { Length: > 0 } names ? names : "other certificates"));
        }
        if (AuthorityChecks.OfRoot(root, line, _options.SimulatedRoots).Concat(AuthorityChecks.OfIssuer(issuer, root)).FirstOrDefault() is { } wrong)
            throw Untrusted(request, wrong);

        EndorsementFile rootFile = EndorsementFile.Of(root), issuerFile = EndorsementFile.Of(issuer);
        if (ReadAuthority(rootFile) is { } known && !AuthorityChecks.OfRoot(known, line, _options.SimulatedRoots).Any())
        {
            if (known.Sha256 != root.Sha256)
                throw Untrusted(request, EndorsementCodes.RootDiffers.Finds(root.Name, $"the root of the folder, SHA-256 {known.Sha256}", $"SHA-256 {root.Sha256}"));
        }
        else
        {
            Write(rootFile, root.Der.Span);
        }
        if (ReadAuthority(issuerFile) is not { } first || AuthorityChecks.OfIssuer(first, root).Any())
            Write(issuerFile, issuer.Der.Span);
        else if (first.Sha256 != issuer.Sha256)
            Write(EndorsementFile.Another(issuer), issuer.Der.Span);
        return Issuers.Of(root, [issuer], _options.SimulatedRoots);
    }

    private RevocationList? ReadRevocations(EndorsementFile file, Issuers issuers)
    {
        if (Read(file) is not { } content)
            return null;
        if (!RevocationList.TryParse(content, file.RevocationsOf, out RevocationList? list, out Finding? malformed))
        {
            _options.Noticed?.Invoke(EndorsementCodes.FileMalformed.Finds(file.Path, malformed.Expected, malformed.Actual));
            return null;
        }
        if (AuthorityChecks.OfRevocations(list, issuers.Root) is not { } wrong)
            return list;
        _options.Noticed?.Invoke(wrong with { Subject = file.Path });
        return null;
    }

    /// <summary>A quarter of its life or a day before nextUpdate, whichever is earlier; and when it was not asked for since long.</summary>
    private bool IsDue(RevocationList list, EndorsementFile file)
    {
        TimeSpan ahead = (list.NextUpdate - list.ThisUpdate) / 4;
        if (ahead < TimeSpan.FromDays(1))
            ahead = TimeSpan.FromDays(1);
        return list.NextUpdate - Now < ahead || (_queue is not null && Now - (_folder.WrittenAt(file) ?? default) >= _options.RevocationsMaximumAge);
    }

    private bool MayRefresh(string name) => !_refreshed.TryGetValue(name, out DateTimeOffset at) || Now - at >= _options.RefreshAtMostEvery;

    private void RefreshBehind(EndorsementFile file, Issuers issuers)
    {
        if (_queue is null || _refreshing.ContainsKey(file.Path))
            return;
        TaskCompletionSource<bool> done = new();
        if (_refreshing.TryAdd(file.Path, done.Task))
            _ = RefreshAsync();

        async Task RefreshAsync()
        {
            try
            {
                await RefreshRevocationsAsync(file, issuers, _stop.Token);
            }
            catch (KdsException e)
            {
                NotRefreshed(file, e);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                // The program ends; the list of the folder is still valid.
            }
            finally
            {
                _refreshing.TryRemove(file.Path, out _);
                done.SetResult(true);
            }
        }
    }

    private Task<RevocationList> RefreshRevocationsAsync(EndorsementFile file, Issuers issuers, CancellationToken ct) =>
        _revocations.JoinAsync(file.Path, async stop =>
        {
            KdsRequest request = file.RevocationsOf == SigningKey.Vcek ? KdsRequest.VcekRevocations(file.Line) : KdsRequest.VlekRevocations(file.Line);
            RevocationList? list;
            byte[] answer;
            try
            {
                answer = await AskAsync(request, stop);
                if (!RevocationList.TryParse(answer, file.RevocationsOf, out list, out Finding? malformed))
                    throw Untrusted(request, malformed);
                if (AuthorityChecks.OfRevocations(list, issuers.Root) is { } wrong)
                    throw Untrusted(request, wrong);
            }
            finally
            {
                _refreshed[file.Path] = Now;
            }
            if (ReadRevocations(file, issuers) is not { } known || known.ThisUpdate < list.ThisUpdate)
            {
                Write(file, answer);
                return list;
            }
            if (known.ThisUpdate > list.ThisUpdate)
            {
                _options.Noticed?.Invoke(EndorsementCodes.CrlReplayed.Finds(file.Path, $"one published after {known.ThisUpdate:u}", $"one published {list.ThisUpdate:u}"));
            }
            else
            {
                Touch(file);
            }
            return known;
        }, ct);

    private void NotRefreshed(EndorsementFile file, KdsException e) =>
        _options.Noticed?.Invoke(EndorsementCodes.CrlNotRefreshed.Finds(file.Path, "a newer list", e.Message));

    private byte[]? Read(EndorsementFile file)
    {
        try
        {
            return _folder.Read(file);
        }
        catch (EndorsementFolderException e)
        {
            _options.Noticed?.Invoke(EndorsementCodes.FileUnreadable.Finds(file.Path, "a file that can be read", e.Message));
            return null;
        }
    }

    // A full or read-only disk costs the next start a fetch; what was fetched is as good without it.
    private void Write(EndorsementFile file, ReadOnlySpan<byte> content)
    {
        try
        {
            _folder.Write(file, content, Now);
        }
        catch (EndorsementFolderException e)
        {
            _options.Noticed?.Invoke(EndorsementCodes.FolderUnwritable.Finds(file.Path, "a folder that can be written", e.Message));
        }
    }

    private void Touch(EndorsementFile file)
    {
        try
        {
            _folder.Touch(file, Now);
        }
        catch (EndorsementFolderException e)
        {
            _options.Noticed?.Invoke(EndorsementCodes.FolderUnwritable.Finds(file.Path, "a folder that can be written", e.Message));
        }
    }

    private Task<byte[]> AskAsync(KdsRequest request, CancellationToken ct) => _queue?.FetchAsync(request, ct)
        ?? throw new KdsException(KdsAddress.Amd, request.Path, null, KdsCodes.Disabled, "it is not in the folder, and no service may be asked");

    private KdsException Untrusted(KdsRequest request, Finding finding) =>
        new(_queue?.Address ?? KdsAddress.Amd, request.Path, HttpStatusCode.OK, KdsCodes.Untrusted,
            $"{finding.Code}: {finding.Subject}: expected {finding.Expected}, got {finding.Actual}");

    private static string Name(ProductLine line, SigningKey of) => $"{line} {of}";

    private sealed record Absence(KdsException Said, DateTimeOffset Until);
}
