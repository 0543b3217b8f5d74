using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.Simulation.Snp;

/// <summary>Stands for AMD as the one who certifies: root, ASK and ASVK of one line, and what they sign.</summary>
/// <remarks>
/// All is as in AMD's certificates except O, which says that this is a simulation. Keys are made when first used.
/// Source of the form: AMD 57230 "Versioned Chip Endorsement Key Certificate and KDS Interface", and the real certificates.
/// </remarks>
public sealed class SimulatedAuthority : IDisposable
{
    /// <summary>O of every name.</summary>
    public const string Organization = "OpenStackSev simulation";

    private readonly SimulatedAuthorityOptions _options;
    private readonly Lazy<SimulatedIssuer> _ark;
    private readonly Lazy<SimulatedIssuer> _ask;
    private readonly Lazy<SimulatedIssuer> _asvk;

    private SimulatedAuthority(
        SimulatedLine line, SimulatedAuthorityOptions options, Func<SimulatedAuthority, string, SimulatedIssuer> issuer)
    {
        (Line, _options) = (line, options);
        _ark = new(() => issuer(this, "ark"));
        _ask = new(() => issuer(this, "ask"));
        _asvk = new(() => issuer(this, "asvk"));
    }

    public SimulatedLine Line { get; }

    /// <summary>The root: signs itself, ASK, ASVK and the revocation lists.</summary>
    public SimulatedIssuer Ark => _ark.Value;

    /// <summary>Signs VCEKs.</summary>
    public SimulatedIssuer Ask => _ask.Value;

    /// <summary>Signs VLEKs.</summary>
    public SimulatedIssuer Asvk => _asvk.Value;

    /// <summary>PEM of ASK and ARK, in the order in which AMD hands them out.</summary>
    public string VcekChainPem => Ask.CertificatePem + Ark.CertificatePem;

    /// <summary>PEM of ASVK and ARK.</summary>
    public string VlekChainPem => Asvk.CertificatePem + Ark.CertificatePem;

    /// <summary>A new authority. Nothing is generated yet.</summary>
    public static SimulatedAuthority Create(SimulatedLine line, SimulatedAuthorityOptions? options = null) =>
        new(line, options ?? new(), (authority, role) => authority.Generate(role));

    /// <summary>The authority that <see cref="Save"/> wrote.</summary>
    /// <exception cref="SimulationException">The folder holds none.</exception>
    public static SimulatedAuthority Load(string folder, TimeProvider? time = null)
    {
        (SimulatedLine line, SimulatedIssuer[] issuers) = SimulatedAuthorityFolder.Load(folder);
        return new(line, new() { Time = time ?? TimeProvider.System },
            (_, role) => role switch { "ark" => issuers[0], "ask" => issuers[1], _ => issuers[2] });
    }

    /// <summary>
    /// Writes <c>ark.pem</c>, <c>ask.pem</c>, <c>asvk.pem</c>, their PKCS#8 keys <c>ark.key</c>… of mode 0600,
    /// and lists that revoke nothing, <c>vcek.crl</c> and <c>vlek.crl</c>.
    /// </summary>
    /// <param name="replace">True to replace another simulated authority; other files of these names stay.</param>
    /// <exception cref="SimulationException">Something of these names is there, or the folder could not be written.</exception>
    public void Save(string folder, bool replace = false) => SimulatedAuthorityFolder.Save(this, folder, replace);

    public void Dispose()
    {
        foreach (Lazy<SimulatedIssuer> issuer in new[] { _ark, _ask, _asvk }.Where(issuer => issuer.IsValueCreated))
            issuer.Value.Dispose();
    }

    /// <summary>The VCEK of a chip at a TCB.</summary>
    /// <param name="chipId">64 bytes, from Turin on 8; written as it is, so that a wrong length makes a wrong certificate.</param>
    /// <remarks>The key is the same for the same authority, chip and TCB.</remarks>
    public SimulatedKey IssueVcek(byte[] chipId, SimulatedTcb tcb, SimulatedKeyOptions? options = null)
    {
        options ??= new();
        return Issue(Ask, Asvk, "VCEK", options.ProductName ?? Line.VcekProductName, 7, chipId, tcb, options,
            new(SimulatedOid.HwId, Critical: false, options.HwIdAsOctetString ? SignedForm.OctetString(chipId) : chipId));
    }

    /// <summary>The VLEK of a cloud provider at a TCB.</summary>
    /// <param name="cspId">As AMD writes it, e.g. <c>CN=cc-us-east-2.amazonaws.com</c>.</param>
    public SimulatedKey IssueVlek(string cspId, SimulatedTcb tcb, SimulatedKeyOptions? options = null)
    {
        options ??= new();
        return Issue(Asvk, Ask, "VLEK", options.ProductName ?? Line.ToString(), 1, System.Text.Encoding.UTF8.GetBytes(cspId), tcb, options,
            new(SimulatedOid.CspId, Critical: false, SignedForm.Ia5String(cspId)));
    }

    /// <summary>A revocation list of the ARK, DER; AMD has one for VCEKs and one for VLEKs, of the same form.</summary>
    public byte[] IssueCrl(SimulatedCrlOptions? options = null)
    {
        options ??= new();
        return options.Sign(NameOf(Ark, options.IssuerCommonName, organization: null), Ark.Key, Identifier(Ark.Key), _options.Time.GetUtcNow());
    }

    private SimulatedKey Issue(
        SimulatedIssuer issuer, SimulatedIssuer other, string kind, string productName, int years, byte[] holder, SimulatedTcb tcb,
        SimulatedKeyOptions options, SimulatedExtension holderExtension)
    {
        ECDsa key = options.Key
            ?? SimulatedKey.Derive(issuer.Key, options.Curve ?? ECCurve.NamedCurves.nistP384, kind, holder, tcb.Encode(Line));
        SimulatedIssuer named = options.IssuedByTheOther ? other : issuer;
        SimulatedExtension[] extensions =
        [
            new(SimulatedOid.StructVersion, false, SignedForm.Integer(options.StructVersion ?? (Line.HasFmc ? 1 : 0))),
            new(SimulatedOid.ProductName, false, SignedForm.Ia5String(productName)),
            .. PatchLevels(tcb).Select(level => new SimulatedExtension(level.Oid, false, SignedForm.Integer(level.Value))),
            holderExtension,
        ];
        // In the past, as AMD's are when somebody looks at them: clocks may differ, also a laboratory's by months.
        DateTimeOffset from = options.NotBefore ?? _options.Time.GetUtcNow().AddDays(years * -50);
        return new(SignedForm.Sign(
            new SignedForm.Certificate(options.Serial ?? BigInteger.Zero,
                NameOf(named, options.IssuerCommonName, options.Organization), from, options.NotAfter ?? from.AddYears(years),
                SignedForm.Name(options.Organization ?? Organization, options.SubjectCommonName ?? "SEV-" + kind),
                key.ExportSubjectPublicKeyInfo(), [.. options.Extensions?.Invoke(extensions) ?? extensions]),
            options.SignedBy ?? named.Key, options.SignatureScheme, options.ExplicitTrailerField ?? false), key);
    }

    // The order is AMD's: with FMC by number, without it snpSPL comes after the unused ones.
    private IEnumerable<(string Oid, int Value)> PatchLevels(SimulatedTcb tcb) => Line.HasFmc
        ?
        [
            (SimulatedOid.FmcSpl, tcb.Fmc ?? 0), (SimulatedOid.BootloaderSpl, tcb.Bootloader), (SimulatedOid.TeeSpl, tcb.Tee),
            (SimulatedOid.SnpSpl, tcb.Snp), (SimulatedOid.Spl5, 0), (SimulatedOid.Spl6, 0), (SimulatedOid.Spl7, 0),
            (SimulatedOid.MicrocodeSpl, tcb.Microcode),
        ]
        :
        [
            (SimulatedOid.BootloaderSpl, tcb.Bootloader), (SimulatedOid.TeeSpl, tcb.Tee), (SimulatedOid.Spl4, 0), (SimulatedOid.Spl5, 0),
            (SimulatedOid.Spl6, 0), (SimulatedOid.Spl7, 0), (SimulatedOid.SnpSpl, tcb.Snp), (SimulatedOid.MicrocodeSpl, tcb.Microcode),
        ];

    private SimulatedIssuer Generate(string role)
    {
        (string commonName, int serial, SimulatedCertificateOptions options) = role switch
        {
            "ark" => ($"ARK-{Line}", 0, _options.Ark),
            "ask" => ($"SEV-{Line}", Line == SimulatedLine.Genoa ? 2 : 1, _options.Ask),
            _ => ($"SEV-VLEK-{Line}", 0x101, _options.Asvk),
        };
        RSA key = RSA.Create(_options.KeyBits);
        RSA root = role == "ark" ? key : Ark.Key;
        byte[] identifier = Identifier(key);
        byte[] address = SignedForm.CrlDistributionPoint(
            $"https://kdsintf.amd.com/{(role == "asvk" ? "vlek" : "vcek")}/v1/{Line}/crl");
        // AMD's ASK and ASVK have a keyUsage of one unused bit too few, which DER forbids; so it is here.
        SimulatedExtension[] extensions = role == "ark"
            ?
            [
                new(SimulatedOid.KeyUsage, true, [3, 2, 1, 6]),
                new(SimulatedOid.SubjectKeyIdentifier, false, SignedForm.OctetString(identifier)),
                new(SimulatedOid.BasicConstraints, true, [0x30, 3, 1, 1, 0xFF]),
                new(SimulatedOid.CrlDistributionPoints, false, address),
            ]
            :
            [
                new(SimulatedOid.SubjectKeyIdentifier, false, SignedForm.OctetString(identifier)),
                new(SimulatedOid.AuthorityKeyIdentifier, false, SignedForm.AuthorityKeyIdentifier(Identifier(root))),
                new(SimulatedOid.BasicConstraints, true, [0x30, 6, 1, 1, 0xFF, 2, 1, 0]),
                new(SimulatedOid.KeyUsage, true, [3, 2, 1, 4]),
                new(SimulatedOid.CrlDistributionPoints, false, address),
            ];
        DateTimeOffset from = options.NotBefore ?? Line.Founded;
        byte[] subject = SignedForm.Name(options.Organization ?? Organization, options.SubjectCommonName ?? commonName);
        byte[] issuer = role != "ark" ? NameOf(Ark, options.IssuerCommonName, options.Organization)
            : options.IssuerCommonName is { } other ? SignedForm.Name(options.Organization ?? Organization, other)
            : subject;
        return new(key, SignedForm.Sign(
            new SignedForm.Certificate(options.Serial ?? Line.RootSerial + serial, issuer, from, options.NotAfter ?? from.AddYears(25), subject,
                key.ExportSubjectPublicKeyInfo(), [.. options.Extensions?.Invoke(extensions) ?? extensions]),
            options.SignedBy ?? root, options.SignatureScheme, options.ExplicitTrailerField ?? true));
    }

    private static byte[] NameOf(SimulatedIssuer issuer, string? commonName, string? organization) =>
        commonName is null && organization is null
            ? issuer.SubjectName
            : SignedForm.Name(organization ?? Organization, commonName ?? issuer.CommonName);

    private static byte[] Identifier(RSA key) =>
        new X509SubjectKeyIdentifierExtension(new PublicKey(key), critical: false).SubjectKeyIdentifierBytes.ToArray();
}

/// <summary>How an authority is made.</summary>
public sealed record SimulatedAuthorityOptions
{
    /// <summary>Size of the RSA keys. AMD's are of 4096 bits; 2048 are made and used ten times faster.</summary>
    public int KeyBits { get; init; } = 4096;

    /// <summary>What time it is when a VCEK, VLEK or revocation list is made.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What shall be wrong with the root.</summary>
    public SimulatedCertificateOptions Ark { get; init; } = new();

    /// <summary>What shall be wrong with the ASK.</summary>
    public SimulatedCertificateOptions Ask { get; init; } = new();

    /// <summary>What shall be wrong with the ASVK.</summary>
    public SimulatedCertificateOptions Asvk { get; init; } = new();
}

/// <summary>A certificate that signs others, with its key.</summary>
public sealed class SimulatedIssuer : IDisposable
{
    internal SimulatedIssuer(RSA key, byte[] certificate)
    {
        (Key, Certificate) = (key, certificate);
        using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(certificate);
        SubjectName = parsed.SubjectName.RawData;
        CommonName = parsed.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        Serial = new(parsed.SerialNumberBytes.Span, isUnsigned: true, isBigEndian: true);
    }

    public RSA Key { get; }

    /// <summary>DER.</summary>
    public byte[] Certificate { get; }

    public string CertificatePem => PemEncoding.WriteString("CERTIFICATE", Certificate) + "\n";

    /// <summary>By which a verifier names a root: SHA-256 of the certificate's DER, in lower-case hexadecimal.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Certificate));

    public BigInteger Serial { get; }

    internal byte[] SubjectName { get; }

    internal string CommonName { get; }

    public void Dispose() => Key.Dispose();
}
