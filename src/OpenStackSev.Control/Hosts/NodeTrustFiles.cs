using System.Collections.Concurrent;
using System.Security.Cryptography;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Conventions;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Hosts;

/// <summary>The CA's public files, read again when they change: a certificate that is revoked is refused by the next request.</summary>
/// <remarks>While they cannot be read no certificate is believed, since a revoked one might be among them.</remarks>
internal sealed partial class NodeTrustFiles(HostsOptions options, TimeProvider time, ILogger<NodeTrustFiles> log)
{
    /// <summary>Certificates whose signature was checked already. More nodes than any cloud has; then it begins anew.</summary>
    private const int MostKnown = 50_000;

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, NodeJudgement> known = new(StringComparer.Ordinal);
    private FileTimes read;
    private NodeTrust? trust;

    /// <param name="certificate">DER.</param>
    /// <exception cref="ApiException">503.</exception>
    public NodeJudgement Judge(byte[] certificate)
    {
        NodeTrust current = Current();
        string thumbprint = Convert.ToHexString(SHA256.HashData(certificate));
        if (known.TryGetValue(thumbprint, out NodeJudgement? before))
            return current.Again(before, time.GetUtcNow());
        NodeJudgement judged = current.Judge(certificate, time.GetUtcNow());
        // Only what the CA signed is kept: others can make as many as they like.
        if (judged.Refusal != NodeRefusal.Untrusted)
        {
            if (known.Count >= MostKnown)
                known.Clear();
            known[thumbprint] = judged;
        }

        return judged;
    }

    private NodeTrust Current()
    {
        lock (gate)
        {
            FileTimes now = FileTimes.Of(options.NodeCa);
            if (now != read)
            {
                read = now;
                known.Clear();
                trust = Read();
            }

            return trust ?? throw new ApiException(HostErrors.AuthorityUnavailable, "certificates of nodes cannot be checked now; the log says why");
        }
    }

    private NodeTrust? Read()
    {
        try
        {
            (byte[] certificate, byte[] revocations) = AuthorityFolder.ReadPublic(options.NodeCa);
            if (NodeTrust.TryRead(certificate, revocations, out NodeTrust? believed, out string? problem))
            {
                LogRead(log, options.NodeCa, believed.RevokedCount);
                return believed;
            }

            LogUnusable(log, options.NodeCa, problem);
        }
        catch (NodeAuthorityException e)
        {
            LogUnusable(log, options.NodeCa, e.Message);
        }

        return null;
    }

    [LoggerMessage(4201, LogLevel.Information, "node CA of {Folder} read; {Revoked} certificates are revoked")]
    private static partial void LogRead(ILogger logger, string folder, int revoked);

    [LoggerMessage(4202, LogLevel.Error, "node CA of {Folder} cannot be used, no node is believed: {Problem}")]
    private static partial void LogUnusable(ILogger logger, string folder, string problem);

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct FileTimes(DateTime Certificate, DateTime Revocations, long Length)
    {
        public static FileTimes Of(string folder)
        {
            var certificate = new FileInfo(Path.Join(folder, AuthorityFolder.CertificateFile));
            var revocations = new FileInfo(Path.Join(folder, AuthorityFolder.RevocationsFile));
            // Never equal to the default, so that the first look always reads.
            return new(certificate.LastWriteTimeUtc, revocations.LastWriteTimeUtc, revocations.Exists ? revocations.Length : -1);
        }
    }
}
