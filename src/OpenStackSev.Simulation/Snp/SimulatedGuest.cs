namespace OpenStackSev.Simulation.Snp;

/// <summary>What a simulated guest reports, and how it lies.</summary>
/// <param name="Authority">Who certifies its chip; not disposed.</param>
public sealed record SimulatedGuest(SimulatedAuthority Authority)
{
    /// <summary>64 bytes, from Turin on 8; null for one that is the same for each guest of the line.</summary>
    public byte[]? ChipId { get; init; }

    /// <summary>At launch; null for the usual one of the line. <see cref="SimulatedTsm.SetTcb"/> changes what is reported later.</summary>
    public SimulatedTcb? Tcb { get; init; }

    /// <summary>Launch digest, 48 bytes; null for the usual one.</summary>
    public byte[]? Measurement { get; init; }

    /// <summary>32 bytes.</summary>
    public byte[] HostData { get; init; } = [];

    /// <summary>Null for the usual one.</summary>
    public ulong? Policy { get; init; }

    /// <summary>At start; <see cref="SimulatedTsm.SetLie"/> changes it later.</summary>
    public SimulatedLie Lie { get; init; }

    /// <summary>False for a host that hands out no certificates.</summary>
    public bool HasCertificates { get; init; } = true;
}

/// <summary>One way of not telling the truth. Everything but the lie is sound.</summary>
public enum SimulatedLie
{
    None,

    /// <summary>The report is of another chip, which is certified as well.</summary>
    WrongChip,

    /// <summary>The report is of patch levels that are all zero, with the key of these.</summary>
    OldTcb,

    /// <summary>The guest policy allows debugging.</summary>
    Debug,

    /// <summary>The first report that was given is given again.</summary>
    Replay,

    /// <summary>The report binds something else than was asked.</summary>
    ForeignNonce,

    /// <summary>No report comes.</summary>
    Silence,
}

/// <summary>Makes the reports of one simulated guest.</summary>
internal sealed class SimulatedGuestReports(SimulatedGuest guest) : IDisposable
{
    private const ulong DebugAllowed = 1 << 19;

    private readonly Dictionary<(bool IsOther, SimulatedTcb Tcb), SimulatedSecurityProcessor> _processors = [];
    private byte[]? _first;

    public SimulatedTcb LaunchTcb { get; } = guest.Tcb ?? guest.Authority.Line.UsualTcb;

    /// <returns>Null of a guest that is silent.</returns>
    public (byte[] Report, byte[] Certificates)? Answer(byte[] reportData, uint vmpl, SimulatedTcb reported, SimulatedLie lie)
    {
        if (lie == SimulatedLie.Silence)
            return null;
        if (lie == SimulatedLie.OldTcb)
            reported = new SimulatedTcb(guest.Authority.Line.HasFmc ? (byte)0 : null, 0, 0, 0, 0);
        SimulatedSecurityProcessor processor = Processor(lie == SimulatedLie.WrongChip, reported);
        // Who lowers what is reported keeps the firmware that runs; who raises it has installed a newer one.
        SimulatedTcb current = IsAtLeast(reported, LaunchTcb) ? reported : LaunchTcb;
        ReportFields fields = processor.Fields;
        byte[] report = processor.Report(fields with
        {
            ReportData = lie == SimulatedLie.ForeignNonce ? System.Security.Cryptography.SHA512.HashData(reportData) : reportData,
            Measurement = guest.Measurement ?? fields.Measurement,
            HostData = guest.HostData,
            Policy = (guest.Policy ?? fields.Policy) | (lie == SimulatedLie.Debug ? DebugAllowed : 0),
            Vmpl = vmpl,
            CurrentTcb = current,
            CommittedTcb = current,
            LaunchTcb = lie == SimulatedLie.OldTcb ? reported : LaunchTcb,
        });
        _first ??= report;
        return (lie == SimulatedLie.Replay ? _first : report, guest.HasCertificates ? processor.CertificateTable() : []);
    }

    public void Dispose()
    {
        foreach (SimulatedSecurityProcessor processor in _processors.Values)
            processor.Dispose();
    }

    private SimulatedSecurityProcessor Processor(bool isOther, SimulatedTcb tcb)
    {
        if (!_processors.TryGetValue((isOther, tcb), out SimulatedSecurityProcessor? processor))
        {
            processor = new SimulatedSecurityProcessor(guest.Authority, isOther ? OtherChip() : guest.ChipId, tcb);
            _processors[(isOther, tcb)] = processor;
        }
        return processor;
    }

    private byte[] OtherChip()
    {
        byte[] other = [.. Processor(isOther: false, LaunchTcb).ChipId];
        other[0] ^= 0xFF;
        return other;
    }

    private static bool IsAtLeast(SimulatedTcb tcb, SimulatedTcb least) =>
        (tcb.Fmc ?? 0) >= (least.Fmc ?? 0) && tcb.Bootloader >= least.Bootloader && tcb.Tee >= least.Tee && tcb.Snp >= least.Snp
        && tcb.Microcode >= least.Microcode;
}
