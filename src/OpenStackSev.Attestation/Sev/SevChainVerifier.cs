namespace OpenStackSev.Attestation.Sev;

/// <summary>Where a platform's certificates lead.</summary>
/// <param name="Sound">The platform's own four certificates fit each other. Anybody can make four that do.</param>
/// <param name="Product">Product line of AMD's root at the end; null when the chain does not lead there.</param>
/// <param name="Simulated">It leads to a simulated root that was named.</param>
public sealed record SevChainResult(bool Sound, string? Product, bool Simulated, IReadOnlyList<Finding> Findings)
{
    /// <summary>The keys are those of a chip that AMD, or the named simulation, certified.</summary>
    public bool Anchored => Sound && Findings.Count == 0 && (Product is not null || Simulated);

    public Verdict Verdict => Verdicts.Of(Findings);
}

/// <summary>PDH ← PEK ← OCA and CEK ← ASK ← ARK. Pure.</summary>
/// <remarks>
/// Deliberately not judged: dates, of which the format has none; revocation, of which there is no list; and whose the OCA is. A platform that owns
/// itself has an OCA of its own making, which proves nothing about its owner.
/// </remarks>
public static class SevChainVerifier
{
    /// <param name="endorsedCek">The CEK as AMD signed it; null takes the exported one, which has no such signature.</param>
    /// <param name="authorities">ASKs and ARKs from anywhere. Of ARKs only AMD's own are trusted, and those that are named.</param>
    /// <param name="simulatedRoots">SHA-256 of simulated ARKs to trust, in lower-case hexadecimal. The result then says that it is simulated.</param>
    public static SevChainResult Verify(
        SevChain chain, SevCertificate? endorsedCek, IReadOnlyCollection<AmdCertificate> authorities, IReadOnlySet<string>? simulatedRoots = null)
    {
        List<Finding> findings = [];
        Holds(findings, chain.Pek.Signed(chain.Pdh), SevCodes.PdhSignature, "PDH", "PEK");
        Holds(findings, chain.Oca.Signed(chain.Pek), SevCodes.PekOwnerSignature, "PEK", "OCA");
        Holds(findings, chain.Cek.Signed(chain.Pek), SevCodes.PekChipSignature, "PEK", "CEK");
        Holds(findings, chain.Oca.Signed(chain.Oca), SevCodes.OcaSignature, "OCA", "OCA");
        bool sound = findings.Count == 0;

        AmdCertificate? root = Anchor(chain, endorsedCek ?? chain.Cek, authorities, simulatedRoots, findings);
        string? product = root is null ? null : SevRoots.All.GetValueOrDefault(root.Sha256);
        bool simulated = root is not null && product is null && simulatedRoots?.Contains(root.Sha256) == true;
        return new(sound, product, simulated, findings);
    }

    /// <summary>From the CEK on. A key is used only once the one above it is known to be good, so that hostile keys cost nothing.</summary>
    private static AmdCertificate? Anchor(
        SevChain chain, SevCertificate cek, IReadOnlyCollection<AmdCertificate> authorities, IReadOnlySet<string>? simulatedRoots, List<Finding> findings)
    {
        if (!cek.HasSameKey(chain.Cek))
        {
            findings.Add(SevCodes.CekMismatch.Finds("CEK", $"key {chain.Cek.KeyDigest[..16]}", $"key {cek.KeyDigest[..16]}"));
            return null;
        }

        if (!cek.NamesSigner(SevUsage.Ask))
            return NotAnchored(findings, "CEK", "a CEK with a signature of the ASK", "the chain ends at the CEK");
        AmdCertificate[] asks = [.. authorities.Where(authority => authority.Usage == SevUsage.Ask)];
        if (asks.Length == 0)
            return NotAnchored(findings, "CEK", "the ASK above it", "no ASK was given");

        // One that could have signed and did not says more than others that could not be looked at.
        List<Finding> refused = [], missing = [];
        foreach (AmdCertificate ask in asks)
        {
            List<Finding> own = [];
            AmdCertificate? root = Root(ask, authorities, simulatedRoots, own);
            if (root is not null && cek.IsSignedBy(ask))
                return root;
            if (root is not null)
                own.Add(SevCodes.CekSignature.Finds("CEK", "signed by the ASK", "the signature does not verify"));
            (Verdicts.Of(own) == Verdict.Contraindicated ? refused : missing).AddRange(own);
        }

        findings.Add(refused.Concat(missing).First());
        return null;
    }

    private static AmdCertificate? Root(AmdCertificate ask, IReadOnlyCollection<AmdCertificate> authorities, IReadOnlySet<string>? simulatedRoots, List<Finding> findings)
    {
        AmdCertificate[] named = [.. authorities.Where(authority => authority.Usage == SevUsage.Ark && authority.KeyId.SequenceEqual(ask.CertifyingId))];
        if (named.Length == 0)
            return NotAnchored(findings, "ASK", "the ARK above it", "no ARK of that KEY_ID was given");
        AmdCertificate? root = Array.Find(named, ark => SevRoots.All.ContainsKey(ark.Sha256) || simulatedRoots?.Contains(ark.Sha256) == true);
        if (root is null)
        {
            findings.Add(SevCodes.RootUntrusted.Finds("ARK", "a root of AMD, or a simulated one that is named", $"SHA-256 {named[0].Sha256}"));
            return null;
        }

        Holds(findings, root.Issued(root), SevCodes.RootSignature, "ARK", "ARK");
        Holds(findings, findings.Count > 0 || root.Issued(ask), SevCodes.AskSignature, "ASK", "ARK");
        return findings.Count == 0 ? root : null;
    }

    private static void Holds(List<Finding> findings, bool signed, Check check, string certificate, string by)
    {
        if (!signed)
            findings.Add(check.Finds(certificate, $"signed by the {by}", "no signature of it verifies"));
    }

    private static AmdCertificate? NotAnchored(List<Finding> findings, string subject, string expected, string actual)
    {
        findings.Add(SevCodes.NotAnchored.Finds(subject, expected, actual));
        return null;
    }
}
