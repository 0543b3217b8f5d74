using OpenStackSev.Attestation;

namespace OpenStackSev.Control.Trust;

/// <summary>What is found of a host beside what its platform says: who it is, whether it is heard, and what it proved.</summary>
public static class TrustCodes
{
    public static Check Silent { get; } = new("host.silent", Stage.Challenge, Verdict.None, "the host's agent was heard within the proof lifetime");
    public static Check EncryptionOff { get; } = new("host.encryption.off", Stage.Structure, Verdict.None, "kvm_amd starts encrypted guests");
    public static Check Simulated { get; } = new("host.simulated", Stage.Endorsement, Verdict.None, "a simulated host counts only where simulated roots are named");
    public static Check ChipNone { get; } = new("host.chip.none", Stage.Binding, Verdict.None, "the host reports its chips");
    public static Check ChipPending { get; } = new("host.chip.pending", Stage.Binding, Verdict.None, "the host's chips are approved");
    public static Check ChipChanged { get; } = new("host.chip.changed", Stage.Binding, Verdict.Contraindicated, "the host has the chips that were approved");
    public static Check ChipConflict { get; } = new("host.chip.conflict", Stage.Binding, Verdict.Contraindicated, "the host reports no chip of another host");
    public static Check ProofMissing { get; } = new("host.proof.missing", Stage.Challenge, Verdict.None, "a guest on the host had its chip sign a report");
    public static Check ProofExpired { get; } = new("host.proof.expired", Stage.Challenge, Verdict.None, "the last report that its chip signed still counts");

    public static IReadOnlyList<Check> All { get; } =
        [Silent, EncryptionOff, Simulated, ChipNone, ChipPending, ChipChanged, ChipConflict, ProofMissing, ProofExpired];
}
