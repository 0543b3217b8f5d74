using System.Net;
using OpenStackSev.Api;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snapshots;

namespace OpenStackSev.Cli.Scheduling;

/// <summary>What a round came to.</summary>
/// <param name="Written">False: what is there is what the control plane says.</param>
/// <param name="Snapshot">Null when the control plane only said that nothing is new.</param>
internal sealed record SnapshotOutcome(bool Written, HostsSnapshot? Snapshot = null, int Bytes = 0);

/// <summary>One round: ask the control plane, believe nothing that is not signed, put it in place of the older one.</summary>
/// <param name="keysPath">Read for each snapshot, so that other keys need no restart.</param>
internal sealed class SnapshotRound(IAttestationApi api, SnapshotStore file, string keysPath, TimeProvider time)
{
    /// <summary>How far two clocks may differ. One that is further ahead must not keep out all that comes after it.</summary>
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(5);

    /// <summary>Control planes behind one endpoint make a snapshot anew each minute, not at the same time.</summary>
    private static readonly TimeSpan s_apart = TimeSpan.FromMinutes(2);

    private string? tag;

    /// <exception cref="SnapshotException">It was not taken, or not written.</exception>
    /// <exception cref="AttestationApiException">The control plane refuses, or does not answer.</exception>
    /// <exception cref="OpenStack.OpenStackApiException">So Keystone.</exception>
    public async Task<SnapshotOutcome> RunAsync(CancellationToken ct)
    {
        // A file that somebody took away is missing, whatever was in it.
        using HttpResponseMessage answer = await AskAsync(file.IsThere ? tag : null, ct);
        if (answer.StatusCode == HttpStatusCode.NotModified)
            return new(Written: false);
        byte[] text = await answer.Content.ReadAsByteArrayAsync(ct);
        EarVerificationKeys keys = SnapshotKeys.Read(keysPath);
        HostsSnapshot next = Believed(text, keys);
        bool written = Replace(text, next, keys);
        // One that was left for being older is asked for again: it may say something new, by a clock that is behind.
        tag = !written && file.Read(SignedSnapshot.MaximumSize) is { } present && !present.AsSpan().SequenceEqual(text) ? null : answer.Headers.ETag is { IsWeak: false } strong ? strong.Tag : null;
        return new(written, next, text.Length);
    }

    private async Task<HttpResponseMessage> AskAsync(string? known, CancellationToken ct)
    {
        try
        {
            return await api.GetSnapshotAsync(known, ct);
        }
        catch (AttestationApiException e) when (e is { Status: HttpStatusCode.NotFound })
        {
            throw new SnapshotException("snapshot.not_served", $"the control plane gives out no snapshots ({e.Request})", "is it of an older release, or the endpoint another service's?", e);
        }
    }

    private HostsSnapshot Believed(byte[] text, EarVerificationKeys keys)
    {
        if (!SignedSnapshot.TryOpen(text, keys, out byte[]? payload, out SnapshotFault? fault) || !HostsSnapshot.TryRead(payload, out HostsSnapshot? read, out fault))
        {
            throw new SnapshotException(fault.Code, fault.Detail, fault.Code == SnapshotCodes.KeyUnknown
                ? $"were the control plane's keys rotated? osev snapshot-sync keys --file {keysPath} --replace, and compare the thumbprints" : "what answers is not the control plane that the keys are of");
        }

        DateTimeOffset now = time.GetUtcNow();
        if (read.IssuedAt > now + s_skew)
            throw new SnapshotException("snapshot.future", $"issued at {read.IssuedAt:u}, and here it is {now:u}", "compare the clocks");
        return read.ExpiresAt > now ? read : throw new SnapshotException("snapshot.ended", $"it ended at {read.ExpiresAt:u}, and here it is {now:u}", "compare the clocks");
    }

    private bool Replace(byte[] text, HostsSnapshot next, EarVerificationKeys keys)
    {
        byte[]? present = file.Read(SignedSnapshot.MaximumSize);
        if (present is not null && present.AsSpan().SequenceEqual(text))
            return false;
        if (present is not null && SignedSnapshot.TryOpen(present, keys, out byte[]? payload, out _) && HostsSnapshot.TryRead(payload, out HostsSnapshot? before, out _)
            && next.IssuedAt < before.IssuedAt && before.IssuedAt <= time.GetUtcNow() + s_skew)
        {
            if (before.IssuedAt - next.IssuedAt <= s_apart)
                return false;
            throw new SnapshotException("snapshot.older", $"issued at {next.IssuedAt:u}, and {file.Path} at {before.IssuedAt:u}",
                "does a control plane behind the same endpoint have an old state, or another clock?");
        }

        file.Put(text);
        return true;
    }
}
