using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Properties;

/// <summary>No parser throws, whatever the bytes, and each either reads them or says why not.</summary>
public sealed class AnyBytesTests
{
    [Property]
    public void Any_bytes_are_read_or_refused_with_a_finding(byte[] bytes)
    {
        Assert.Equal(AttestationReport.TryParse(bytes, null, out _, out IReadOnlyList<Finding> findings), findings.Count == 0);
        Assert.Equal(CertificateTable.TryParse(bytes, out _, out Finding? table), table is null);
        Assert.Equal(VekCertificate.TryParse(bytes, out _, out Finding? vek), vek is null);
        Assert.Equal(AuthorityCertificate.TryParse(bytes, out _, out Finding? authority), authority is null);
        Assert.Equal(RevocationList.TryParse(bytes, null, out _, out Finding? list), list is null);
        Assert.Equal(PolicyDocument.TryParse(bytes, out _, out IReadOnlyList<PolicyProblem> problems), problems.Count == 0);
        EndorsementBundle bundle = EndorsementBundle.Of(bytes, "any");
        Assert.Empty(bundle.Authorities);
        Assert.NotEqual(Verdict.Affirming, Verifier.Appraise(bytes, null, AppraisalPolicy.Default, null, Given.Now).Verdict);
    }

    [Property(MaxTest = 1000)]
    public Property Any_report_with_some_bytes_changed_is_read_or_refused() => Prop.ForAll(Edits(AttestationReport.Size).ToArbitrary(), edits =>
    {
        byte[] report = Edited(new ReportFields(SimulatedLine.Milan).Encode(), edits);
        bool parsed = AttestationReport.TryParse(report, null, out AttestationReport? read, out IReadOnlyList<Finding> findings);
        if (parsed)
            read!.Describe();
        return parsed == (findings.Count == 0) && (read is null || read.Bytes.SequenceEqual(report));
    });

    [Property(MaxTest = 300)]
    public Property Any_certificate_with_some_bytes_changed_is_read_or_refused()
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        byte[][] sound = [chip.Vcek.Certificate, chip.Vlek.Certificate, chip.Authority.Ask.Certificate, chip.Authority.IssueCrl(new() { Revoked = [1, 2] })];
        return Prop.ForAll(Gen.Choose(0, sound.Length - 1).Zip(Edits(sound.Max(c => c.Length))).ToArbitrary(), given =>
        {
            byte[] bytes = Edited(sound[given.Item1], given.Item2);
            return VekCertificate.TryParse(bytes, out _, out Finding? vek) == vek is null
                && AuthorityCertificate.TryParse(bytes, out _, out Finding? authority) == authority is null
                && RevocationList.TryParse(bytes, null, out _, out Finding? list) == list is null;
        });
    }

    [Property(MaxTest = 1000)]
    public void Entries_lie_within_the_table_whatever_offsets_and_lengths_it_gives(uint[] numbers, ushort size)
    {
        byte[] table = new byte[size % 600];
        for (int entry = 0; (entry + 1) * 24 <= table.Length - 24 && entry * 2 < numbers.Length - 1; entry++)
        {
            table[entry * 24] = 0x63;
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan((entry * 24) + 16), Edge(numbers[entry * 2], table.Length));
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan((entry * 24) + 20), Edge(numbers[(entry * 2) + 1], table.Length));
        }
        Assert.Equal(CertificateTable.TryParse(table, out IReadOnlyList<CertificateTableEntry> entries, out Finding? malformed), malformed is null);
        foreach (CertificateTableEntry entry in entries)
            Assert.True(entry.Content.IsEmpty || table.AsSpan().Overlaps(entry.Content.Span));
    }

    // Small ones, those around the table's size, and those around 2^31 and 2^32.
    private static uint Edge(uint number, int size) => (number % 5) switch
    {
        0 => number % 600,
        1 => (uint)size - (number / 5 % 4),
        2 => uint.MaxValue - (number / 5 % 600),
        3 => 0x80000000u - (number / 5 % 600),
        _ => number,
    };

    private static Gen<(int At, int Value)[]> Edits(int size) => Gen.Choose(0, size - 1).Zip(Gen.Choose(0, 255)).ArrayOf();

    private static byte[] Edited(byte[] bytes, (int At, int Value)[] edits)
    {
        byte[] edited = [.. bytes];
        foreach ((int at, int value) in edits)
            edited[at % edited.Length] = (byte)value;
        return edited;
    }
}
