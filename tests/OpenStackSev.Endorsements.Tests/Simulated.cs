using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Endorsements.Tests;

/// <summary>Simulated authorities, made once: RSA keys take their time.</summary>
internal static class Simulated
{
    private static readonly Lazy<SimulatedAuthority> s_turin = new(() => Create(SimulatedLine.Turin));
    private static readonly Lazy<SimulatedAuthority> s_otherTurin = new(() => Create(SimulatedLine.Turin));
    private static readonly Lazy<SimulatedAuthority> s_milan = new(() => Create(SimulatedLine.Milan));

    public static SimulatedAuthority Turin => s_turin.Value;
    public static SimulatedAuthority OtherTurin => s_otherTurin.Value;
    public static SimulatedAuthority Milan => s_milan.Value;

    public static IReadOnlySet<string> Roots => new HashSet<string>(StringComparer.Ordinal) { Turin.Ark.Fingerprint, Milan.Ark.Fingerprint };

    public static TcbVersion Tcb { get; } = new(1, 1, 1, 4, 81);

    public static byte[] Chip(int number) => [0xC0, 0xFF, 0xEE, 0, 0, 0, (byte)(number >> 8), (byte)number];

    public static byte[] Vcek(SimulatedAuthority authority, byte[] chipId, TcbVersion tcb, SimulatedKeyOptions? options = null)
    {
        using SimulatedKey key = authority.IssueVcek(chipId, new(tcb.Fmc, tcb.Bootloader, tcb.Tee, tcb.Snp, tcb.Microcode), options);
        return key.Certificate;
    }

    private static SimulatedAuthority Create(SimulatedLine line) => SimulatedAuthority.Create(line, new() { KeyBits = 2048 });
}
