namespace OpenStackSev.Simulation;

/// <summary>What a simulated host is asked to be. Null takes the model's number.</summary>
public sealed record SimulatedHostOptions(HostModel Model)
{
    /// <summary>Highest ASID, CPUID Fn8000_001F ECX.</summary>
    public uint? Asids { get; init; }

    /// <summary>Lowest ASID of plain SEV, CPUID Fn8000_001F EDX; 1 leaves none to SEV-ES and SEV-SNP.</summary>
    public uint? MinimumSevAsid { get; init; }

    /// <summary>ASIDs from 1 on that only SEV-SNP gets, <c>kvm_amd.ciphertext_hiding_asids</c>; 0 is off.</summary>
    public uint? HiddenAsids { get; init; }

    /// <summary>Plain SEV guests that run.</summary>
    public uint RunningSev { get; init; }

    /// <summary>SEV-ES and SEV-SNP guests that run, together, as the kernel counts them.</summary>
    public uint RunningSevEs { get; init; }

    /// <summary>Transparent SME is on.</summary>
    public bool Tsme { get; init; }

    public Sickness? Sick { get; init; }

    /// <summary>Sockets with a chip each.</summary>
    public int Sockets { get; init; } = 1;

    /// <summary>Hosts of one model with the same seed have the same chips.</summary>
    public string ChipSeed { get; init; } = "";

    /// <summary>What cannot be simulated, in the words of the options of <c>osev simulate host</c>; empty when all of it can.</summary>
    public IReadOnlyList<string> Problems() => [.. AllProblems()];

    private IEnumerable<string> AllProblems()
    {
        HostNumbers numbers = HostNumbers.Of(this);
        if (Asids == 0)
            yield return "--asids 0: a processor with SEV has at least one ASID";
        if (Sockets is < 1 or > 8)
            yield return $"--sockets {Sockets}: must be from 1 to 8";
        if (MinimumSevAsid is { } minimum && (minimum == 0 || minimum > numbers.MaximumAsid + 1UL))
            yield return $"--min-sev-asid {minimum}: must be from 1 to {numbers.MaximumAsid + 1UL}, one past the highest ASID";
        else if (HiddenAsids is { } hidden && hidden > numbers.SevEsAndSnp)
            yield return $"--hidden-asids {hidden}: SEV-ES and SEV-SNP have {numbers.SevEsAndSnp} ASIDs together";
        if (HiddenAsids > 0 && Model.HiddenAsids is null)
            yield return $"--hidden-asids {HiddenAsids}: {Model.Name} cannot hide ciphertext; turin and turin-cth can";
        if (Sick is { NeedsSnp: true } && !numbers.SevSnpOn)
            yield return $"--sick {Sick.Name}: needs a host with SEV-SNP on, and this {Model.Name} has it off";
    }
}

/// <summary>The numbers of a host after its defaults, as its CPUID and kvm_amd parameters say them.</summary>
/// <remarks>Source: Linux arch/x86/kvm/svm/sev.c, <c>sev_hardware_setup</c>.</remarks>
public readonly record struct HostNumbers(uint MaximumAsid, uint MinimumSevAsid, uint SevEsAndSnp, uint Hidden, bool SevEsOn, bool SevSnpOn)
{
    /// <summary>ASIDs EDX..ECX.</summary>
    public uint Sev => MinimumSevAsid <= MaximumAsid ? MaximumAsid - MinimumSevAsid + 1 : 0;

    public static HostNumbers Of(SimulatedHostOptions options)
    {
        HostModel model = options.Model;
        uint maximum = options.Asids ?? model.MaximumAsid;
        uint minimum = options.MinimumSevAsid ?? (maximum >= model.MinimumSevAsid ? model.MinimumSevAsid : Math.Max(1, maximum / 2));
        uint sevEsAndSnp = minimum > 0 ? minimum - 1 : 0;
        bool announcesSevEs = sevEsAndSnp > 0;

        // The default shrinks with its pool; a number that was asked for does not.
        uint hidden = options.HiddenAsids
            ?? (model.HiddenAsids is { } usual && usual > sevEsAndSnp ? (sevEsAndSnp + 1) / 2 : model.HiddenAsids ?? 0);
        bool off = options.Sick == Sickness.SevOffInBios || options.Sick == Sickness.NoKvmAmd;
        return new(maximum, minimum, sevEsAndSnp, hidden, announcesSevEs && !off, announcesSevEs && model.CanSnp && !off);
    }
}
