namespace OpenStackSev.NodeCertificates;

/// <summary>Certificates that nodes renew themselves. What waits to be used lies in <c>renewals/SERIAL</c>, with the serial that it replaces.</summary>
public sealed partial class AuthorityFolder
{
    private const string RenewalsFolder = "renewals";

    /// <summary>Whether this program could sign: an operator may keep the key elsewhere, or from this program's user.</summary>
    public static bool HoldsKey(string path)
    {
        try
        {
            using FileStream key = File.OpenRead(Path.Join(path, KeyFile));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Serials of successors that were given out and have not been seen in use. Needs no lock.</summary>
    public static IReadOnlyCollection<string> Unused(string path) => Guarded(path, () => Waiting(path).Keys.ToArray());

    /// <summary>The successor of a certificate that is good now, for its own node and for as long as it was itself good.</summary>
    /// <remarks>Asked again with the same key it is the same one, so that a lost answer costs nothing.</remarks>
    /// <param name="presented">DER, as the node sent it. Judged here too: what is revoked or has ended gets no successor.</param>
    public NodeRenewal Renew(byte[] presented, NodeCertificateRequest request, DateTimeOffset now) => Guarded(path, () =>
    {
        (byte[] own, byte[] revocations) = ReadPublic(path);
        if (!NodeTrust.TryRead(own, revocations, out NodeTrust? trust, out string? problem))
            throw new NodeAuthorityException($"{path}: {problem}", "restore it from a backup");
        NodeJudgement judged = trust.Judge(presented, now);
        if (judged.Refusal != NodeRefusal.None)
            return new NodeRenewal(RenewalRefusal.NotBelieved, judged);
        IssuedCertificate present = IssuedCertificate.Of(new Org.BouncyCastle.X509.X509Certificate(presented))!;
        IssuedCertificate[] successors = [.. Waiting(path).Where(waiting => waiting.Value == present.Serial).Select(waiting => Issued(waiting.Key)).OfType<IssuedCertificate>()];
        if (Array.Find(successors, one => one.PublicKeyInfo.AsSpan().SequenceEqual(request.PublicKeyInfo)) is { } same)
            return new NodeRenewal(RenewalRefusal.None, judged, same);
        RenewalRefusal refusal = RenewalRules.Judge(present, request, successors.Length, authority.NotAfter, now);
        if (refusal != RenewalRefusal.None)
            return new NodeRenewal(refusal, judged);
        IssuedCertificate issued = authority.Issue(present.Node, request, now, RenewalRules.Lifetime(present));
        Directory.CreateDirectory(Path.Join(path, RenewalsFolder));
        Write(Path.Join(path, RenewalsFolder, issued.Serial), present.Serial, Public);
        Write(Path.Join(path, IssuedFolder, issued.Serial + ".pem"), issued.Pem, Public);
        return new NodeRenewal(RenewalRefusal.None, judged, issued);
    });

    /// <summary>A successor is in use: revokes what it replaces, and other successors of that.</summary>
    /// <returns>Serials that were revoked; none where the certificate is nobody's waiting successor.</returns>
    public IReadOnlyList<string> Retire(string successor, DateTimeOffset now) => Guarded(path, () =>
    {
        Dictionary<string, string> waiting = Waiting(path);
        if (!waiting.TryGetValue(successor, out string? replaced))
            return (IReadOnlyList<string>)[];
        string[] siblings = [.. waiting.Where(one => one.Value == replaced && one.Key != successor).Select(one => one.Key)];
        Revoke([replaced, .. siblings], now);
        foreach (string done in siblings.Append(successor))
            File.Delete(Path.Join(path, RenewalsFolder, done));
        return [replaced, .. siblings];
    });

    private IssuedCertificate? Issued(string serial)
    {
        string file = Path.Join(path, IssuedFolder, serial + ".pem");
        return File.Exists(file) ? IssuedCertificate.Of(new Org.BouncyCastle.X509.X509Certificate(Der(Read(file), "CERTIFICATE"))) : null;
    }

    /// <summary>By successor, what it replaces.</summary>
    private static Dictionary<string, string> Waiting(string path)
    {
        string folder = Path.Join(path, RenewalsFolder);
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file).Length == 0)
                .ToDictionary(file => Path.GetFileName(file), file => Read(file), StringComparer.Ordinal)
            : [];
    }
}
