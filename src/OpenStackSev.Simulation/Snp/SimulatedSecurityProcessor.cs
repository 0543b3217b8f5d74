using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace OpenStackSev.Simulation.Snp;

/// <summary>The security processor of one chip: signs reports with keys that its authority certified.</summary>
public sealed class SimulatedSecurityProcessor : IDisposable
{
    /// <summary>Whom a VLEK is issued to when nobody is named.</summary>
    public const string UsualCspId = "CN=cloud.simulation.invalid";

    // A component of a signature: 48 bytes for P-384 in a slot for larger curves.
    private const int Slot = 72;

    private readonly Lazy<SimulatedKey> _vcek;
    private readonly Lazy<SimulatedKey> _vlek;

    /// <param name="chipId">Null for one that is the same for each processor of the line.</param>
    /// <param name="tcb">Null for the usual one of the line.</param>
    /// <param name="vcekOptions">What shall be wrong with the VCEK.</param>
    /// <param name="vlekOptions">What shall be wrong with the VLEK.</param>
    public SimulatedSecurityProcessor(
        SimulatedAuthority authority, byte[]? chipId = null, SimulatedTcb? tcb = null, string cspId = UsualCspId,
        SimulatedKeyOptions? vcekOptions = null, SimulatedKeyOptions? vlekOptions = null)
    {
        Authority = authority;
        ChipId = chipId ?? SHA512.HashData(Encoding.UTF8.GetBytes($"simulated {Line} chip"))[..Line.ChipIdLength];
        Tcb = tcb ?? Line.UsualTcb;
        _vcek = new(() => Authority.IssueVcek(ChipId, Tcb, vcekOptions));
        _vlek = new(() => Authority.IssueVlek(cspId, Tcb, vlekOptions));
    }

    public SimulatedAuthority Authority { get; }

    public SimulatedLine Line => Authority.Line;

    /// <summary>hwID: 64 bytes, from Turin on 8.</summary>
    public byte[] ChipId { get; }

    public SimulatedTcb Tcb { get; }

    public SimulatedKey Vcek => _vcek.Value;

    public SimulatedKey Vlek => _vlek.Value;

    /// <summary>Fields of a sound report of this chip, to change with <c>with</c>.</summary>
    public ReportFields Fields => new(Line)
    {
        ChipId = ChipId,
        CurrentTcb = Tcb,
        ReportedTcb = Tcb,
        CommittedTcb = Tcb,
        LaunchTcb = Tcb,
    };

    /// <summary>The report with its signature: by the VLEK when SIGNING_KEY is 1, none when it is 7 or the chip key is masked, else by the VCEK.</summary>
    public byte[] Report(ReportFields fields) => fields.MaskChipKey || fields.SigningKey == 7
        ? fields.Encode()
        : Sign(fields.Encode(), fields.SigningKey == 1 ? Vlek : Vcek);

    /// <summary>Certificates that the host of this chip hands to its guests: VCEK, ASK, ARK, or VLEK, ASVK, ARK.</summary>
    /// <param name="crl">A revocation list to go with them.</param>
    public byte[] CertificateTable(bool vlek = false, byte[]? crl = null) =>
        SimulatedCertificateTable.Encode([.. TableEntries(vlek, crl)]);

    /// <summary>The entries of <see cref="CertificateTable"/>, to leave out, double, alter and encode.</summary>
    public IReadOnlyList<SimulatedTableEntry> TableEntries(bool vlek = false, byte[]? crl = null) =>
    [
        vlek ? new(SimulatedCertificateTable.Vlek, Vlek.Certificate) : new(SimulatedCertificateTable.Vcek, Vcek.Certificate),
        new(SimulatedCertificateTable.Ask, (vlek ? Authority.Asvk : Authority.Ask).Certificate),
        new(SimulatedCertificateTable.Ark, Authority.Ark.Certificate),
        .. crl is null ? Array.Empty<SimulatedTableEntry>() : [new(SimulatedCertificateTable.Crl, crl)],
    ];

    /// <summary>Signs a report anew, whatever it holds, with the VCEK.</summary>
    /// <returns>Another array: the same bytes with a signature that fits.</returns>
    public byte[] Sign(byte[] report) => Sign(report, Vcek);

    /// <summary>Signs a report anew with any key.</summary>
    public static byte[] Sign(byte[] report, SimulatedKey key)
    {
        byte[] signature = key.Key.SignData(report.AsSpan(0, ReportFields.SignedLength), HashAlgorithmName.SHA384,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        int half = signature.Length / 2;
        byte[] signed = [.. report];
        signed.AsSpan(ReportFields.SignedLength).Clear();
        WriteNumber(signed, 0, signature.AsSpan(0, half));
        WriteNumber(signed, 1, signature.AsSpan(half));
        return signed;
    }

    /// <summary>The same report with the other valid signature: <c>s</c> replaced by <c>n - s</c>.</summary>
    /// <remarks>Security processors sign with either; who asks for the low one refuses most real reports.</remarks>
    public static byte[] WithOtherS(byte[] report)
    {
        BigInteger s = new(report.AsSpan(ReportFields.SignedLength + Slot, Slot), isUnsigned: true);
        byte[] other = [.. report];
        WriteNumber(other, 1, (SimulatedKey.OrderOfP384 - s).ToByteArray(isUnsigned: true, isBigEndian: true));
        return other;
    }

    public void Dispose()
    {
        foreach (Lazy<SimulatedKey> key in new[] { _vcek, _vlek }.Where(key => key.IsValueCreated))
            key.Value.Dispose();
    }

    private static void WriteNumber(byte[] report, int slot, ReadOnlySpan<byte> bigEndian)
    {
        Span<byte> target = report.AsSpan(ReportFields.SignedLength + (slot * Slot), Slot);
        target.Clear();
        bigEndian.CopyTo(target);
        target[..bigEndian.Length].Reverse();
    }
}
