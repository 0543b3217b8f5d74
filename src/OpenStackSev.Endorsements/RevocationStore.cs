using System.Collections.Concurrent;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements;

/// <summary>CRLs. One that is still valid is given at once, and refreshed meanwhile when it is due.</summary>
internal sealed class RevocationStore(EndorsementSource source, IssuerStore issuersOf) : IDisposable
{
    private readonly SharedFetches<RevocationList> fetches = new();
    private readonly ConcurrentDictionary<string, Task> refreshing = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();

    /// <summary>The CRL published beside the VCEKs, or VLEKs, of a line.</summary>
    /// <returns>
    /// The one of the folder while it is valid; when it is due, it is refreshed meanwhile. One that is past its nextUpdate only when no newer
    /// one can be had.
    /// </returns>
    /// <exception cref="KdsException">There is none in the folder, and the service has none or could not be asked.</exception>
    public async Task<RevocationList> FindAsync(ProductLine line, SigningKey of, CancellationToken ct = default)
    {
        Issuers issuers = await issuersOf.FindAsync(line, of, ct);
        EndorsementFile file = EndorsementFile.Revocations(line, of);
        RevocationList? known = Read(file, issuers);
        if (known is null)
            return await RefreshAsync(file, issuers, ct);
        if (!IsDue(known, file) || !source.MayRefresh(file.Path))
            return known;
        if (known.NextUpdate > source.Now)
        {
            RefreshBehind(file, issuers);
            return known;
        }
        try
        {
            return await RefreshAsync(file, issuers, ct);
        }
        catch (KdsException e)
        {
            NotRefreshed(file, e);
            return known;
        }
    }

    private RevocationList? Read(EndorsementFile file, Issuers issuers)
    {
        if (source.Read(file) is not { } content)
            return null;
        if (!RevocationList.TryParse(content, file.RevocationsOf, out RevocationList? list, out Finding? malformed))
        {
            source.Notice(EndorsementCodes.FileMalformed.Finds(file.Path, malformed.Expected, malformed.Actual));
            return null;
        }
        if (AuthorityChecks.OfRevocations(list, issuers.Root) is not { } wrong)
            return list;
        source.Notice(wrong with { Subject = file.Path });
        return null;
    }

    /// <summary>A quarter of its life or a day before nextUpdate, whichever is earlier; and when it was not asked for since long.</summary>
    private bool IsDue(RevocationList list, EndorsementFile file)
    {
        TimeSpan ahead = (list.NextUpdate - list.ThisUpdate) / 4;
        if (ahead < TimeSpan.FromDays(1))
            ahead = TimeSpan.FromDays(1);
        return list.NextUpdate - source.Now < ahead || (source.HasService && source.Now - (source.Folder.WrittenAt(file) ?? default) >= source.RevocationsMaximumAge);
    }

    private void RefreshBehind(EndorsementFile file, Issuers issuers)
    {
        if (!source.HasService || refreshing.ContainsKey(file.Path))
            return;
        TaskCompletionSource<bool> done = new();
        if (refreshing.TryAdd(file.Path, done.Task))
            _ = RefreshNowAsync();

        async Task RefreshNowAsync()
        {
            try
            {
                await RefreshAsync(file, issuers, stopping.Token);
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
                refreshing.TryRemove(file.Path, out _);
                done.SetResult(true);
            }
        }
    }

    private Task<RevocationList> RefreshAsync(EndorsementFile file, Issuers issuers, CancellationToken ct) =>
        fetches.JoinAsync(file.Path, async stop =>
        {
            KdsRequest request = file.RevocationsOf == SigningKey.Vcek ? KdsRequest.VcekRevocations(file.Line) : KdsRequest.VlekRevocations(file.Line);
            RevocationList? list;
            byte[] answer;
            try
            {
                answer = await source.AskAsync(request, stop);
                if (!RevocationList.TryParse(answer, file.RevocationsOf, out list, out Finding? malformed))
                    throw source.Untrusted(request, malformed);
                if (AuthorityChecks.OfRevocations(list, issuers.Root) is { } wrong)
                    throw source.Untrusted(request, wrong);
            }
            finally
            {
                source.Refreshed(file.Path);
            }
            if (Read(file, issuers) is not { } known || known.ThisUpdate < list.ThisUpdate)
            {
                source.Write(file, answer);
                return list;
            }
            if (known.ThisUpdate > list.ThisUpdate)
            {
                source.Notice(EndorsementCodes.CrlReplayed.Finds(file.Path, $"one published after {known.ThisUpdate:u}", $"one published {list.ThisUpdate:u}"));
            }
            else
            {
                source.Touch(file);
            }
            return known;
        }, ct);

    public void NotRefreshed(EndorsementFile file, KdsException e) =>
        source.Notice(EndorsementCodes.CrlNotRefreshed.Finds(file.Path, "a newer list", e.Message));

    /// <summary>Waits for those that are being refreshed behind the callers' backs.</summary>
    public Task FinishRefreshesAsync(CancellationToken ct) => Task.WhenAll(refreshing.Values).WaitAsync(ct);

    public void Dispose()
    {
        if (stopping.IsCancellationRequested)
            return;
        stopping.Cancel();
        stopping.Dispose();
    }
}
