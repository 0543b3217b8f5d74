using System.Security.Cryptography;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Sev;

/// <summary>The keys of one platform as plain SEV and SEV-ES have them, and their certificates.</summary>
/// <remarks>
/// The CEK is the chip's, and AMD signs it elsewhere: the one that the platform exports has no signature. The platform owns itself: its OCA is
/// its own. The same seed gives the same bytes.
/// </remarks>
public sealed class SimulatedSevPlatform : IDisposable
{
    private const int Pdh = 0, Pek = 1, Oca = 2, Cek = 3;

    private static readonly string[] s_roles = ["PDH", "PEK", "OCA", "CEK"];

    private readonly ECDsa[] _keys;
    private readonly byte[][] _certificates;

    /// <param name="seed">Tells this platform from others.</param>
    public SimulatedSevPlatform(byte[] seed, byte apiMajor = 0, byte apiMinor = 24)
    {
        _keys = [.. s_roles.Select(role => SimulatedKey.FromSecret(seed, $"OpenStackSev simulation SEV {role}"))];
        byte[] Certificate(SimulatedSevUsage usage, int key) => SimulatedSevCertificate.Of(usage, _keys[key], apiMajor, apiMinor);
        byte[] pek = SimulatedSevCertificate.Signed(Certificate(SimulatedSevUsage.Pek, Pek), 0, SimulatedSevUsage.Oca, OcaKey);
        _certificates =
        [
            SimulatedSevCertificate.Signed(Certificate(SimulatedSevUsage.Pdh, Pdh), 0, SimulatedSevUsage.Pek, PekKey),
            SimulatedSevCertificate.Signed(pek, 1, SimulatedSevUsage.Cek, CekKey),
            SimulatedSevCertificate.Signed(Certificate(SimulatedSevUsage.Oca, Oca), 0, SimulatedSevUsage.Oca, OcaKey),
            Certificate(SimulatedSevUsage.Cek, Cek),
        ];
    }

    public ECDsa PdhKey => _keys[Pdh];
    public ECDsa PekKey => _keys[Pek];
    public ECDsa OcaKey => _keys[Oca];
    public ECDsa CekKey => _keys[Cek];

    public byte[] PdhCertificate => [.. _certificates[Pdh]];
    public byte[] PekCertificate => [.. _certificates[Pek]];
    public byte[] OcaCertificate => [.. _certificates[Oca]];

    /// <summary>As the platform exports it: without a signature.</summary>
    public byte[] CekCertificate => [.. _certificates[Cek]];

    /// <summary>The answer to PDH_CERT_EXPORT: PDH, then PEK, OCA and CEK.</summary>
    public byte[] Export() => [.. _certificates.SelectMany(certificate => certificate)];

    public void Dispose()
    {
        foreach (ECDsa key in _keys)
            key.Dispose();
    }
}
