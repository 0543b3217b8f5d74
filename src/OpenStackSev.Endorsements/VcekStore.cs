using System.Collections.Concurrent;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements;

/// <summary>VCEKs. One never changes; that there is none may.</summary>
internal sealed class VcekStore(EndorsementSource source, IssuerStore issuersOf)
{
    private const int MaximumRemembered = 10_000;

    private readonly SharedFetches<VekCertificate> fetches = new();
    private readonly ConcurrentDictionary<string, VekCertificate> known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Absence> absent = new(StringComparer.Ordinal);

    /// <summary>The VCEK of a chip at a TCB. It never changes.</summary>
    /// <param name="chipId">CHIP_ID of a report, or hwID.</param>
    /// <param name="reportedTcb">REPORTED_TCB.</param>
    /// <exception cref="ArgumentException">The chip id is masked or of another size, or the TCB is one of another generation.</exception>
    /// <exception cref="KdsException">It is not in the folder, and the service has it not or could not be asked.</exception>
    public Task<VekCertificate> FindAsync(ProductLine line, ReadOnlyMemory<byte> chipId, TcbVersion reportedTcb, CancellationToken ct = default)
    {
        EndorsementFile file = EndorsementFile.Vcek(line, chipId.Span, reportedTcb);
        if (known.TryGetValue(file.Path, out VekCertificate? here))
            return Task.FromResult(here);
        KdsRequest request = KdsRequest.Vcek(line, chipId.Span, reportedTcb);
        return fetches.JoinAsync(file.Path, stop => FindOnceAsync(file, request, stop), ct);
    }

    private async Task<VekCertificate> FindOnceAsync(EndorsementFile file, KdsRequest request, CancellationToken ct)
    {
        Issuers issuers = await issuersOf.FindAsync(file.Line, SigningKey.Vcek, ct);
        if (Read(file, issuers) is { } here)
            return Remember(file, here);
        if (absent.TryGetValue(file.Path, out Absence? absence) && absence.Until > source.Now)
            throw absence.Said.For(request.Path);

        byte[] answer;
        try
        {
            answer = await source.AskAsync(request, ct);
        }
        catch (KdsException e) when (e.Code == KdsCodes.NotFound)
        {
            RememberAbsence(file, e);
            throw;
        }

        if (!VekCertificate.TryParse(answer, out VekCertificate? key, out Finding? malformed))
            throw source.Untrusted(request, malformed);
        if (key.ChipId is null || EndorsementFile.Of(key) != file)
        {
            throw source.Untrusted(request, EndorsementCodes.FileMisplaced.Finds("VCEK", file.Path,
                key.ChipId is null ? "a VLEK" : EndorsementFile.Of(key).Path));
        }
        if (issuers.Check(key) is [Finding unsigned, ..])
        {
            // AMD may have another issuer by now.
            issuers = source.MayRefresh(IssuerStore.NameOf(file.Line, SigningKey.Vcek)) ? await issuersOf.RefreshAsync(file.Line, SigningKey.Vcek, ct) : issuers;
            if (issuers.Check(key).Count > 0)
                throw source.Untrusted(request, unsigned);
        }
        source.Write(file, answer);
        return Remember(file, key);
    }

    private VekCertificate? Read(EndorsementFile file, Issuers issuers)
    {
        if (source.Read(file) is not { } content)
            return null;
        if (!VekCertificate.TryParse(content, out VekCertificate? key, out Finding? malformed))
            return Noticed(EndorsementCodes.FileMalformed.Finds(file.Path, malformed.Expected, malformed.Actual));
        if (key.ChipId is null || EndorsementFile.Of(key) != file)
            return Noticed(EndorsementCodes.FileMisplaced.Finds(file.Path, "the chip and the TCB of its name", "another one"));
        return issuers.Check(key) is [Finding wrong, ..] ? Noticed(wrong with { Subject = file.Path }) : key;

        VekCertificate? Noticed(Finding finding)
        {
            source.Notice(finding);
            return null;
        }
    }

    private VekCertificate Remember(EndorsementFile file, VekCertificate key)
    {
        if (known.Count >= MaximumRemembered)
            known.Clear();        // they are in the folder
        known[file.Path] = key;
        return key;
    }

    private void RememberAbsence(EndorsementFile file, KdsException said)
    {
        if (absent.Count >= MaximumRemembered)
            absent.Clear();
        absent[file.Path] = new(said, source.Now + source.NotFoundFor);
    }

    private sealed record Absence(KdsException Said, DateTimeOffset Until);
}
