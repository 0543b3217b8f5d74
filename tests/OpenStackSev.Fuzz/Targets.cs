using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Sev;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Endorsements;
using OpenStackSev.Simulation.Sev;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Fuzz;

/// <summary>Everything that reads bytes of others: reports, endorsements in their forms, policies, archives, templates.</summary>
internal static partial class Targets
{
    public static IReadOnlyList<string> Names { get; } = [.. Makers.Keys];

    private static Dictionary<string, Func<Evidence, Target>> Makers => new(StringComparer.Ordinal)
    {
        ["report"] = Report,
        ["certificate-table"] = Table,
        ["vek-certificate"] = Vek,
        ["authority-certificate"] = Authority,
        ["sev-chain"] = SevCertificates,
        ["sev-authority"] = SevAuthority,
        ["crl"] = Revocations,
        ["bundle"] = Bundle,
        ["policy"] = Policy,
        ["archive"] = Archive,
        ["ear-token"] = Token,
        ["ear-claims"] = Claims,
        ["jwks"] = KeySet,
        ["confirmation-key"] = Confirmation,
        ["notification"] = Notice,
        ["heat-template"] = HeatTemplate,
    };

    public static Target Make(string name, Evidence evidence) => Makers[name](evidence);

    // An export with the CEK of AMD's behind it, as one input.
    private static Target SevCertificates(Evidence evidence)
    {
        using SimulatedSevPlatform platform = new([1, 2, 3]);
        SimulatedSevAuthority amd = SimulatedSevAuthority.Of(evidence.Authorities.First());
        AmdCertificate[] authorities = [.. new[] { amd.Ask, amd.Ark }.Select(bytes => AmdCertificate.TryParse(bytes, out AmdCertificate? authority, out Finding? malformed)
            ? authority : throw new InvalidDataException(malformed.ToString()))];
        HashSet<string> named = [amd.Fingerprint];
        byte[] sound = [.. platform.Export(), .. amd.SignedCek(platform)];
        // What is signed of PDH, PEK and OCA: a chain that is believed has these bytes.
        int[] signed = [.. Enumerable.Range(0, 3).SelectMany(certificate => Enumerable.Range(certificate * SevCertificate.Size, SimulatedSevCertificate.BodySize))];
        return new("sev-chain", SevChain.ExportSize + SevCertificate.Size, [sound],
            Hex("00100000", "01100000", "02100000", "03100000", "04100000", "13000000", "02000000", "01010000", "02010000"), bytes =>
            {
                int end = Math.Min(bytes.Length, SevChain.ExportSize);
                if (SevChain.TryParse(bytes.AsSpan(0, end), out SevChain? chain, out Finding? malformed) != malformed is null)
                    throw new WrongAnswerException("a chain and what is wrong with it");
                if (chain is null)
                    return;
                bool isEndorsed = SevCertificate.TryParse(bytes.AsSpan(end), SevUsage.Cek, out SevCertificate? cek, out _);
                SevChainResult result = SevChainVerifier.Verify(chain, isEndorsed ? cek : null, authorities, named);
                if (result.Anchored && Array.Exists(signed, at => bytes[at] != sound[at]))
                    throw new WrongAnswerException("a chain leads to AMD that AMD never saw");
                if (result.Anchored != (result.Findings.Count == 0))
                    throw new WrongAnswerException("an answer and findings that contradict it");
            });
    }

    private static Target SevAuthority(Evidence evidence)
    {
        SimulatedSevAuthority amd = SimulatedSevAuthority.Of(evidence.Authorities.First());
        string[] believable = [Convert.ToHexString(amd.Ark)];
        return new("sev-authority", 1600, [amd.Ark, amd.Ask, .. evidence.Real("legacy/builtin", ".cert")],
            Hex("13000000", "00080000", "00100000", "01000100", "03000000"), bytes =>
            {
                if (AmdCertificate.TryParse(bytes, out AmdCertificate? authority, out Finding? malformed) != malformed is null)
                    throw new WrongAnswerException("an authority and what is wrong with it");
                if (authority?.Usage == SevUsage.Ark && authority.Issued(authority) && !SevRoots.All.ContainsKey(authority.Sha256) && !believable.Contains(Convert.ToHexString(bytes)))
                    throw new WrongAnswerException("a root that nobody signed");
            });
    }

    private static Target Report(Evidence evidence)
    {
        using SimulatedSecurityProcessor milan = evidence.Chip(SimulatedLine.Milan), turin = evidence.Chip(SimulatedLine.Turin);
        List<byte[]> signed = [];
        foreach (SimulatedSecurityProcessor chip in new[] { milan, turin })
        {
            foreach (uint version in new uint[] { 2, 3, 4, 5 })
                signed.Add(chip.Report(chip.Fields with { Version = version }));
            signed.Add(chip.Report(chip.Fields with { SigningKey = 1 }));
        }
        EndorsementChain[] chains = [.. new[] { milan.Vcek, turin.Vcek, milan.Vlek }.Select(key => EndorsementChain.Of(Parsed(key), evidence.Issuers))];
        string[] believable = [.. signed.Select(report => Convert.ToHexString(report.AsSpan(0, AttestationReport.SignedSize)))];
        AppraisalPolicy policy = AppraisalPolicy.Default with { AllowedChips = [Convert.ToHexString(milan.ChipId)], MinimumGuestSvn = 1 };
        return new("report", AttestationReport.Size, [.. signed, .. evidence.Real("snp", "report.bin")], [], bytes =>
        {
            if (AttestationReport.TryParse(bytes, null, out AttestationReport? report, out _))
                report.Describe();
            EndorsementChain chain = chains[bytes.Length > 0x1A8 && bytes[0x1A8] == 0 ? 1 : bytes.Length > 0x48 && (bytes[0x48] & 4) != 0 ? 2 : 0];
            AttestationResult result = Verifier.Appraise(bytes, chain, policy, null, Evidence.Now);
            if (result.Genuine && !believable.Contains(Convert.ToHexString(bytes.AsSpan(0, AttestationReport.SignedSize))))
                throw new WrongAnswerException("a report is genuine that no chip made");
            if (result.Findings.Count == 0 && result.Verdict != Verdict.Affirming)
                throw new WrongAnswerException("no finding, and no affirming verdict");
            EndorsementChoice.Of(bytes, chains.Select(c => c.Vek));
        });
    }

    private static Target Table(Evidence evidence)
    {
        using SimulatedSecurityProcessor chip = evidence.Chip(SimulatedLine.Milan);
        byte[] crl = chip.Authority.IssueCrl();
        return new("certificate-table", CertificateTable.MaximumSize,
            [chip.CertificateTable(), chip.CertificateTable(vlek: true, crl), new byte[24], .. evidence.Real("snp", "certs.bin", "table.bin")], TableKinds, bytes =>
            {
                if (!CertificateTable.TryParse(bytes, out IReadOnlyList<CertificateTableEntry> entries, out Finding? malformed) && malformed is null)
                    throw new WrongAnswerException("refused without a finding");
                foreach (CertificateTableEntry entry in entries)
                {
                    if (!bytes.AsSpan().Overlaps(entry.Content.Span) && !entry.Content.IsEmpty)
                        throw new WrongAnswerException("an entry outside the table");
                }
            });
    }

    private static Target Vek(Evidence evidence)
    {
        List<byte[]> signed = [];
        foreach (SimulatedAuthority authority in evidence.Authorities)
        {
            using SimulatedSecurityProcessor chip = evidence.Chip(authority.Line);
            signed.AddRange([chip.Vcek.Certificate, chip.Vlek.Certificate]);
        }
        string[] believable = [.. signed.Select(Convert.ToHexString)];
        using SimulatedSecurityProcessor milan = evidence.Chip(SimulatedLine.Milan);
        byte[] report = milan.Report(milan.Fields);
        return new("vek-certificate", CertificateReaderLimit, [.. signed, .. evidence.Real("snp", ".der")], Oids, bytes =>
        {
            if (!VekCertificate.TryParse(bytes, out VekCertificate? certificate, out _))
                return;
            EndorsementChain chain = EndorsementChain.Of(certificate, evidence.Issuers);
            if (chain.Check(Evidence.Now, AppraisalPolicy.Default).Count == 0 && !believable.Contains(Convert.ToHexString(bytes)))
                throw new WrongAnswerException("a key is believed that nobody certified");
            Verifier.Appraise(report, chain, AppraisalPolicy.Default, null, Evidence.Now);
            if (certificate.ChipId is { } chipId && chipId.Span.ContainsAnyExcept((byte)0))
                KdsAddress.Vcek(certificate.Line, chipId.Span, certificate.Tcb);
        });
    }

    private static Target Authority(Evidence evidence)
    {
        byte[][] signed = [.. evidence.Authorities.SelectMany(a => new[] { a.Ark.Certificate, a.Ask.Certificate, a.Asvk.Certificate })];
        string[] believable = [.. signed.Select(Convert.ToHexString)];
        AuthorityCertificate[] roots = [.. evidence.Roots];
        return new("authority-certificate", CertificateReaderLimit, [.. signed, .. evidence.Real("roots", ".der")], Oids, bytes =>
        {
            if (!AuthorityCertificate.TryParse(bytes, out AuthorityCertificate? certificate, out _))
                return;
            // What a hostile key would be used for: to check another certificate, and itself.
            certificate.Issued(certificate);
            certificate.Issued(roots[0]);
            if (roots.Any(root => root.Issued(certificate)) && !believable.Contains(Convert.ToHexString(bytes)))
                throw new WrongAnswerException("an issuer is believed that no root certified");
        });
    }

    private static Target Revocations(Evidence evidence)
    {
        List<byte[]> signed = [];
        foreach (SimulatedAuthority authority in evidence.Authorities)
            signed.AddRange([authority.IssueCrl(), authority.IssueCrl(new() { Revoked = [authority.Ask.Serial, authority.Asvk.Serial] })]);
        string[] believable = [.. signed.Select(Convert.ToHexString)];
        AuthorityCertificate[] roots = [.. evidence.Roots];
        return new("crl", RevocationList.MaximumSize, [.. signed, .. evidence.Real("", ".crl")], Oids, bytes =>
        {
            if (!RevocationList.TryParse(bytes, SigningKey.Vcek, out RevocationList? list, out _))
                return;
            bool signedByRoot = roots.Any(root => list.SignedBy(root));
            list.Revokes(roots[0]);
            if (signedByRoot && !believable.Contains(Convert.ToHexString(bytes)))
                throw new WrongAnswerException("a CRL is believed that no root signed");
        });
    }

    private static Target Bundle(Evidence evidence)
    {
        using SimulatedSecurityProcessor chip = evidence.Chip(SimulatedLine.Turin);
        byte[] crl = chip.Authority.IssueCrl();
        byte[] pem = Encoding.ASCII.GetBytes(chip.Authority.VcekChainPem + PemEncoding.WriteString("X509 CRL", crl));
        return new("bundle", EndorsementBundle.MaximumSize,
            [pem, chip.Vcek.Certificate, crl, chip.CertificateTable(crl: crl), Encoding.ASCII.GetBytes(chip.Authority.VlekChainPem), .. evidence.Real("snp", ".pem")],
            [.. PemMarkers, .. TableKinds], bytes =>
            {
                EndorsementBundle bundle = EndorsementBundle.Of(bytes, "input");
                TrustedIssuers.From(bundle.Roots, bundle.Authorities.Take(4), bundle.Revocations.Take(4));
                if (bytes.AsSpan().Contains((byte)0) && bytes[0] != 0x30 && bundle.Roots.Any())
                    throw new WrongAnswerException("a root out of a certificate table");
            });
    }

    private static Target Policy(Evidence evidence) => new("policy", PolicyDocument.MaximumSize,
        [Encoding.UTF8.GetBytes(PolicyDocument.Sample), """{"version": 1}"""u8.ToArray(), PolicyDocument.Write(AppraisalPolicy.Default)],
        [
            .. Ascii("{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "null", "true", "1e999", "-0", "18446744073709551616", "0x", "\"version\"", "\"*\"",
                "\"milan\"", "\"turin\"", "\"refused\"", "\"required\"", "\"allowed\"", "1.55.29", new string('[', 200), new string('a', 96), new string('0', 128)),
            [0xEF, 0xBB, 0xBF], [0xED, 0xA0, 0x80],
        ],
        bytes =>
        {
            if (!PolicyDocument.TryParse(bytes, out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems))
            {
                if (problems.Count == 0)
                    throw new WrongAnswerException("refused without a problem");
                return;
            }
            byte[] written = PolicyDocument.Write(policy);
            if (!PolicyDocument.TryParse(written, out AppraisalPolicy? again, out _) || !PolicyDocument.Write(again).AsSpan().SequenceEqual(written))
                throw new WrongAnswerException("a policy that is not read as it is written");
        });

    private static Target Archive(Evidence evidence)
    {
        using SimulatedSecurityProcessor chip = evidence.Chip(SimulatedLine.Turin);
        using MemoryStream tar = new();
        EndorsementArchive.WriteTar(tar, [new("Turin/ark.der", chip.Authority.Ark.Certificate), new("Turin/vcek.crl", chip.Authority.IssueCrl())]);
        return new("archive", 64 * 1024, [tar.ToArray()],
            [
                .. Ascii("../", "/etc/passwd", "ustar\0", "ustar  \0", "././@LongLink", "00000000000\0", "77777777777\0", "0", "1", "2", "5", "L", "x", "g",
                    "30 path=../../a\n", "20 size=99999999\n", EndorsementArchive.Manifest, "Turin/ark.der"),
                new byte[512], [0x80, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF],
            ],
            bytes =>
            {
                using MemoryStream stream = new(bytes);
                foreach (ArchivedFile file in EndorsementArchive.ReadTar(stream, "input", out _))
                    EndorsementFile.Parse(file.Name);
            });
    }

    private static Target Token(Evidence evidence)
    {
        string token = SignedToken(evidence);
        EarVerificationKeys keys = EarVerificationKeys.Of(evidence.Signer);
        return new("ear-token", EarToken.MaximumSize, [Encoding.ASCII.GetBytes(token)],
            [.. Ascii(".", "..", "=", "eyJ", "e30", "bnVsbA", "eyJhbGciOiJub25lIn0", "-", "_", "+", "/", "%2e", "\n"), .. JsonPieces], bytes =>
            {
                string read = Encoding.Latin1.GetString(bytes);
                bool verified = EarToken.Verify(read, keys, s_expected, Evidence.Now, out EarResult? result, out IReadOnlyList<Finding> findings);
                if (verified != (findings.Count == 0) || verified != result is not null)
                    throw new WrongAnswerException("an answer and findings that contradict it");
                if (verified && SignedPart(read) != SignedPart(token))
                    throw new WrongAnswerException("a token is believed that nobody signed");
            });
    }

    // The payload is mutated and then signed by the issuer: all behind the signature is reached.
    private static Target Claims(Evidence evidence)
    {
        string token = SignedToken(evidence), header = token[..token.IndexOf('.', StringComparison.Ordinal)];
        EarVerificationKeys keys = EarVerificationKeys.Of(evidence.Signer);
        ECDsa key = ECDsa.Create();
        key.ImportFromPem(evidence.Signer.ExportPem());
        return new("ear-claims", 8 * 1024, [Base64Url.DecodeFromChars(token.Split('.')[1])], JsonPieces, bytes =>
        {
            string signed = $"{header}.{Base64Url.EncodeToString(bytes)}";
            byte[] signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            bool verified = EarToken.Verify($"{signed}.{Base64Url.EncodeToString(signature)}", keys, s_expected, Evidence.Now, out EarResult? result,
                out IReadOnlyList<Finding> findings);
            if (verified != (findings.Count == 0) || verified != result is not null)
                throw new WrongAnswerException("an answer and findings that contradict it");
            if (result is { } read && (read.ExpiresAt < Evidence.Now || read.Issuer != s_expected.Issuer || read.Audience != s_expected.Audience))
                throw new WrongAnswerException("claims are believed that were not asked for");
        });
    }

    private static Target KeySet(Evidence evidence) => new("jwks", EarVerificationKeys.MaximumSize,
        [EarVerificationKeys.Of(evidence.Signer).Write()], JsonPieces, bytes =>
        {
            bool read = EarVerificationKeys.TryParse(bytes, out EarVerificationKeys? keys, out Finding? malformed);
            if (read != malformed is null)
                throw new WrongAnswerException("an answer and a finding that contradict it");
            if (keys is not null && (!EarVerificationKeys.TryParse(keys.Write(), out EarVerificationKeys? again, out _) || !again.KeyIds.Order().SequenceEqual(keys.KeyIds.Order())))
                throw new WrongAnswerException("keys that are not read as they are written");
        });

    private static Target Confirmation(Evidence evidence)
    {
        List<byte[]> seeds = [];
        foreach (ECCurve curve in new[] { ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521 })
        {
            using ECDsa key = ECDsa.Create(curve);
            ECParameters explicitly = key.ExportExplicitParameters(includePrivateParameters: false);
            using ECDsa other = ECDsa.Create(explicitly);
            seeds.AddRange([key.ExportSubjectPublicKeyInfo(), other.ExportSubjectPublicKeyInfo()]);
        }
        return new("confirmation-key", 4096,
            [.. seeds, """{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"""u8.ToArray()],
            [.. Oids, .. JsonPieces], bytes =>
            {
                if (ConfirmationKey.TryFromSubjectPublicKeyInfo(bytes, out ConfirmationKey? key) || ConfirmationKey.TryFromJwk(bytes, out key))
                    key.CreatePublicKey()!.Dispose();
            });
    }

    private static Target Notice(Evidence _)
    {
        string instance = """{"event_type":"instance.rebuild.end","timestamp":"2026-11-22 21:54:52.826242","payload":{"nova_object.version":"1.9","nova_object.data":{"uuid":"8a0a2344-e1bc-4ed9-bf20-20868ae154d1","flavor":{"nova_object.data":{"extra_specs":{"hw:mem_encryption":"true"}}}}}}""";
        string service = """{"event_type":"service.update","timestamp":"2026-11-22T21:54:52Z","payload":{"nova_object.data":{"host":"compute1","binary":"nova-compute"}}}""";
        string flavor = """{"event_type":"flavor.update","timestamp":"2026-11-22 21:54:52","payload":{"nova_object.data":{"flavorid":"1"}}}""";
        byte[][] seeds = [.. new[] { instance, service, flavor }.SelectMany(text => new[] { text, $$"""{"oslo.version":"2.0","oslo.message":{{System.Text.Json.JsonSerializer.Serialize(text)}}}""" }).Select(Encoding.UTF8.GetBytes)];
        return new("notification", 64 * 1024, seeds,
            [.. JsonPieces, .. Ascii("\"oslo.message\"", "\"event_type\"", "\"timestamp\"", "\"payload\"", "\"nova_object.data\"", "\"uuid\"", "instance.", "service.", "flavor.", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00")],
            bytes =>
            {
                if (Notification.TryParse(bytes, 64 * 1024, out Notification? notification, out string? problem) != problem is null || notification is null == problem is null)
                    throw new WrongAnswerException("a notification and a problem with it");
                if (notification is null)
                    return;
                if (notification.EventType.Length > Notification.LongestEventType || notification.ServiceHost?.Length > Notification.LongestName || notification.Flavor?.Length > Notification.LongestName)
                    throw new WrongAnswerException("longer than it may be");
                InstanceHint hint = InstanceHint.Of(notification, Evidence.Now);
                if (hint.ProofSince > Evidence.Now || hint.RebuiltAt > Evidence.Now)
                    throw new WrongAnswerException("a time that has not come yet");
            });
    }

    private static string SignedToken(Evidence evidence)
    {
        using SimulatedSecurityProcessor chip = evidence.Chip(SimulatedLine.Milan);
        byte[] reportData = new byte[64];
        AttestationResult result = Verifier.Appraise(chip.Report(chip.Fields with { ReportData = reportData }), EndorsementChain.Of(Parsed(chip.Vcek), evidence.Issuers),
            AppraisalPolicy.Default, reportData, Evidence.Now);
        using ECDsa guest = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return EarToken.Sign(result, new(Guid.Parse("11111111-2222-3333-4444-555555555555"), "project", Guid.Parse("11111111-2222-3333-4444-555555555556"), "cloud", "region", "flavor"),
            ConfirmationKey.Of(guest), "https://sev.invalid", "barbican", evidence.Signer, Evidence.Now, TimeSpan.FromMinutes(10), "1");
    }

    private static string SignedPart(string token) => token[..Math.Max(0, token.LastIndexOf('.'))];

    private static readonly EarExpectation s_expected = new("https://sev.invalid", "barbican", TimeSpan.Zero, AcceptSimulated: true);

    private static byte[][] JsonPieces =>
    [
        .. Ascii("{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "null", "true", "-1", "1e999", "1.5", "99999999999999999999", "253402300800", "\"iss\"", "\"aud\"",
            "\"exp\"", "\"iat\"", "\"nbf\"", "\"cnf\"", "\"jkt\"", "\"jwk\"", "\"kid\"", "\"alg\"", "\"crv\":\"P-384\"", "\"P-521\"", "\"kty\":\"oct\"", "\"d\":\"AA\"",
            "\"submods\"", "\"ear_status\"", "affirming", "contraindicated", new string('[', 200), new string('A', 64)),
        [0xEF, 0xBB, 0xBF], [0xED, 0xA0, 0x80],
    ];

    private static VekCertificate Parsed(SimulatedKey key) =>
        VekCertificate.TryParse(key.Certificate, out VekCertificate? certificate, out Finding? malformed)
            ? certificate
            : throw new InvalidDataException(malformed.ToString());

    private const int CertificateReaderLimit = 16 * 1024;

    private static byte[][] TableKinds =>
        [.. new[] { CertificateTable.Vcek, CertificateTable.Vlek, CertificateTable.Ask, CertificateTable.Ark, CertificateTable.Crl }.Select(k => k.ToByteArray(bigEndian: true)), new byte[24]];

    private static byte[][] PemMarkers => Ascii(
        "-----BEGIN ", "-----END ", "-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----\n", "-----BEGIN X509 CRL-----", "-----END X509 CRL-----",
        "-----BEGIN TRUSTED CERTIFICATE-----", "-----", "====", "\0", "\r\n", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");

    private static byte[][] Oids =>
    [
        .. Hex(
            // AMD's: patch levels, hwID, cspID
            "2B060104019C78010102", "060A2B060104019C78010309", "06092B060104019C780104", "06092B060104019C780105",
            // extensions of X.509: basicConstraints, keyUsage, issuingDistributionPoint, deltaCRLIndicator, certificateIssuer and others
            "0603551D13", "0603551D0F", "0603551D1C", "0603551D1B", "0603551D1D", "0603551D14", "0603551D15", "0603551D18",
            // algorithms and curves, named and explicit
            "06092A864886F70D01010A", "06092A864886F70D010101", "300D06092A864886F70D01010B0500", "06072A8648CE3D0201", "06052B81040022", "06052B81040023",
            "06082A8648CE3D030107", "06092B240303020801010B", "06072A8648CE3D0101",
            // numbers: zero, negative, long; RSA keys of 3 and of 0
            "020100", "0201FF", "020900FFFFFFFFFFFFFFFF", "3006020103020103", "3006020100020100", "0203010001", "02050100000001",
            "0101FF", "0500", "05000500", "30030101FF", "A0030201", "A003020102", "A0", "A1", "A2", "2480", "3080", "0000"),
        .. Ascii("991231235959Z", "500101000000Z", "261124120000+1400", "2611241200Z").Select(time => (byte[])[0x17, (byte)time.Length, .. time]),
        .. Ascii("99991231235959Z", "00000101000000Z", "20261124120000.999999999Z", "20261124120000-1400", "00010101000000+2359", "99991231235959-2359")
            .Select(time => (byte[])[0x18, (byte)time.Length, .. time]),
        .. Ascii("SEV-VCEK", "SEV-VLEK", "SEV-Milan", "SEV-VLEK-Milan", "ARK-Turin", "Milan-B0", "Turin-", "Venice"),
    ];

    private static byte[][] Hex(params string[] pieces) => [.. pieces.Select(Convert.FromHexString)];

    private static byte[][] Ascii(params string[] pieces) => [.. pieces.Select(Encoding.ASCII.GetBytes)];
}
