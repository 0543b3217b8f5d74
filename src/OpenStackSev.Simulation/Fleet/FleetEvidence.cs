using System.Security.Cryptography;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Fleet;

/// <summary>Makes the reports of a fleet, and the lies in them.</summary>
internal sealed class FleetEvidence(IReadOnlyList<SimulatedSecurityProcessor> chips, byte[]? publicKey) : IDisposable
{
    private const ulong DebugAllowed = 1 << 19;

    // One signer a chip, since a key is not made for several threads.
    private readonly Chip[] signers = [.. chips.Select(chip => new Chip(chip))];
    private readonly Dictionary<Guid, byte[]> first = [];

    /// <summary>The report of a member, and the certificate table of the chip that it is of.</summary>
    public (byte[] Report, byte[] Certificates) Of(FleetMember member, byte[] nonce)
    {
        Chip chip = signers[member.Lie == SimulatedLie.WrongChip ? (member.Chip + 1) % signers.Length : member.Chip];
        if (member.Lie == SimulatedLie.Replay)
        {
            lock (first)
            {
                if (first.TryGetValue(member.Instance, out byte[]? before))
                    return (before, chip.Table);
            }
        }

        byte[] asked = member.Lie == SimulatedLie.ForeignNonce ? RandomNumberGenerator.GetBytes(nonce.Length) : nonce;
        byte[] reportData = ReportDataOf(asked, member.Instance);
        (byte[] report, byte[] table) = member.Lie == SimulatedLie.OldTcb
            ? (chip.OldReport(reportData), chip.OldTable)
            : (chip.Report(reportData, member.Lie == SimulatedLie.Debug ? DebugAllowed : 0), chip.Table);
        if (member.Lie == SimulatedLie.Replay)
        {
            lock (first)
                first[member.Instance] = report;
        }

        return (report, table);
    }

    public void Dispose()
    {
        foreach (Chip chip in signers)
            chip.Dispose();
    }

    /// <summary>SHA-512 of 96 bytes: a label, the nonce, the instance's UUID in the order of its text, SHA-256 of the key or zeros.</summary>
    private byte[] ReportDataOf(byte[] nonce, Guid instance) => SHA512.HashData(
        [.. "openstack-sev/v1"u8, .. nonce, .. instance.ToByteArray(bigEndian: true), .. publicKey is null ? new byte[SHA256.HashSizeInBytes] : SHA256.HashData(publicKey)]);

    private sealed class Chip : IDisposable
    {
        private readonly SimulatedSecurityProcessor now;
        private readonly Lazy<SimulatedSecurityProcessor> old;
        private readonly Lazy<byte[]> table, oldTable;

        public Chip(SimulatedSecurityProcessor now)
        {
            this.now = now;
            table = new(() => now.CertificateTable());
            old = new(() => new(now.Authority, now.ChipId, new SimulatedTcb(now.Line.HasFmc ? (byte)0 : null, 0, 0, 0, 0)));
            oldTable = new(() => old.Value.CertificateTable());
        }

        public byte[] Table => table.Value;
        public byte[] OldTable => oldTable.Value;

        public byte[] Report(byte[] reportData, ulong policyBits)
        {
            ReportFields fields = now.Fields;
            lock (now)
                return now.Report(fields with { ReportData = reportData, Policy = fields.Policy | policyBits });
        }

        public byte[] OldReport(byte[] reportData)
        {
            lock (now)
                return old.Value.Report(old.Value.Fields with { ReportData = reportData });
        }

        public void Dispose()
        {
            if (old.IsValueCreated)
                old.Value.Dispose();
        }
    }
}
