using System.Collections.Concurrent;
using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Hosts;

/// <summary>
/// Signs the successor of a node's certificate, where the CA's key can be read here; and revokes the one before as soon as the successor
/// has reported, so that a key which leaked is worth nothing longer than it must.
/// </summary>
internal sealed partial class NodeRenewals(HostsOptions options, HistoryWriter history, TimeProvider time, ILogger<NodeRenewals> log) : IDisposable
{
    private const int MostRecorded = 50_000;

    /// <summary>The CA's folder takes one writer at a time: ours wait for each other, <c>osev host certificate</c> may come between.</summary>
    private readonly SemaphoreSlim signing = new(1, 1);

    /// <summary>Successors that wait to be used. Read once: nobody else gives them out.</summary>
    private readonly ConcurrentDictionary<string, bool> unused = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, bool> recorded = new(StringComparer.Ordinal);
    private bool known;

    /// <param name="presented">DER; the handshake has shown that the peer holds its key.</param>
    /// <param name="pem">The node's request: hostile.</param>
    /// <exception cref="ApiException">It gets none.</exception>
    /// <exception cref="Persistence.StorageException">It is signed and not recorded: asked again, it is the same one.</exception>
    public async Task<RenewedCertificate> RenewAsync(byte[] presented, string pem, CancellationToken ct)
    {
        if (!NodeCertificateRequest.TryParse(pem, out NodeCertificateRequest? request, out string? problem))
            throw new ApiException(HostErrors.CertificateRequestInvalid, $"request: {problem}");
        await signing.WaitAsync(ct);
        try
        {
            NodeRenewal renewal = Sign(presented, request);
            if (renewal.Successor is not { } successor)
                throw Refused(renewal);
            unused[successor.Serial] = true;
            if (!recorded.ContainsKey(successor.Serial))
                await history.AppendAsync(Record(HostEvents.CertificateRenewed, successor.Node, new(successor.Serial, [renewal.Judged.Serial], successor.NotAfter)), ct);
            if (recorded.Count >= MostRecorded)
                recorded.Clear();
            recorded[successor.Serial] = true;
            LogRenewed(log, successor.Node, successor.Serial, successor.NotAfter);
            return new RenewedCertificate(successor.Pem, successor.Serial, successor.NotBefore, successor.NotAfter);
        }
        finally
        {
            signing.Release();
        }
    }

    /// <summary>A node has reported with this certificate. If it is a successor, what it replaces ends now.</summary>
    public async Task InUseAsync(Guid node, string serial, CancellationToken ct)
    {
        if (known && !unused.ContainsKey(serial))
            return;
        await signing.WaitAsync(ct);
        try
        {
            ReadUnused();
            if (!unused.ContainsKey(serial))
                return;
            using var ca = AuthorityFolder.Open(options.NodeCa);
            IReadOnlyList<string> retired = ca.Retire(serial, time.GetUtcNow());
            unused.TryRemove(serial, out _);
            if (retired.Count > 0)
            {
                LogRetired(log, node, serial, retired);
                await history.AppendAsync(Record(HostEvents.CertificateRetired, node, new(serial, retired)), ct);
            }
        }
        catch (NodeAuthorityException e)
        {
            // The report was taken; the next one tries again.
            LogNotRetired(log, node, e.Message);
        }
        finally
        {
            signing.Release();
        }
    }

    public void Dispose() => signing.Dispose();

    private NodeRenewal Sign(byte[] presented, NodeCertificateRequest request)
    {
        if (!AuthorityFolder.HoldsKey(options.NodeCa))
            throw new ApiException(HostErrors.RenewalOff, "this control plane cannot read the CA's key and signs nothing; an administrator renews with osev host certificate renew");
        try
        {
            using var ca = AuthorityFolder.Open(options.NodeCa);
            return ca.Renew(presented, request, time.GetUtcNow());
        }
        catch (NodeAuthorityException e)
        {
            LogNotSigned(log, options.NodeCa, e.Message, e.Hint);
            throw new ApiException(HostErrors.AuthorityUnavailable, "no certificate can be signed now; the log says why", e) { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }

    private void ReadUnused()
    {
        if (known)
            return;
        // Without the key nothing was given out here, and nothing can be revoked.
        if (AuthorityFolder.HoldsKey(options.NodeCa))
        {
            foreach (string one in AuthorityFolder.Unused(options.NodeCa))
                unused[one] = true;
        }

        known = true;
    }

    private static ApiException Refused(NodeRenewal renewal) => renewal.Refusal switch
    {
        RenewalRefusal.NotBelieved => NodeCaller.Refused(renewal.Judged),
        RenewalRefusal.SameKey => new(HostErrors.CertificateRequestInvalid, "request: is on the key that the certificate has; make a new one"),
        RenewalRefusal.TooEarly => new(HostErrors.NotRenewable, $"certificate {renewal.Judged.Serial} is in its first half; it ends at {renewal.Judged.NotAfter.UtcDateTime:O}"),
        RenewalRefusal.TooMany => new(HostErrors.NotRenewable, $"certificate {renewal.Judged.Serial} has successors on other keys that were never used; osev host certificate issue gives a new one"),
        _ => new(HostErrors.NotRenewable, "the node CA ends before a successor would; make a new CA"),
    };

    private static HistoryRecord Record(string kind, Guid node, CertificateRecord body) =>
        new(kind, node, null, JsonSerializer.SerializeToUtf8Bytes(body, HostRecordJson.Default.CertificateRecord));

    [LoggerMessage(4221, LogLevel.Information, "node {Node} has the successor {Serial} of its certificate, until {NotAfter}")]
    private static partial void LogRenewed(ILogger logger, Guid node, string serial, DateTimeOffset notAfter);

    [LoggerMessage(4222, LogLevel.Information, "node {Node} uses certificate {Serial}: revoked is what it replaces, {Retired}")]
    private static partial void LogRetired(ILogger logger, Guid node, string serial, IReadOnlyList<string> retired);

    [LoggerMessage(4223, LogLevel.Warning, "what the certificate of node {Node} replaces is not revoked yet, the next report tries again: {Reason}")]
    private static partial void LogNotRetired(ILogger logger, Guid node, string reason);

    [LoggerMessage(4224, LogLevel.Error, "node CA of {Folder} cannot sign: {Reason}; {Hint}")]
    private static partial void LogNotSigned(ILogger logger, string folder, string reason, string hint);
}
