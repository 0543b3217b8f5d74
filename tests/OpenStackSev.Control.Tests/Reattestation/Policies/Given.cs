using System.Text;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Reattestation.Policies;

/// <summary>Values that the tests start from; each test changes only what it is about.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    public static readonly string DigestA = new('a', 96), DigestB = new('b', 96), DigestC = new('c', 96);

    public static PolicyVersion Version(int number, string document, bool active = false) => new()
    {
        Number = number,
        Name = "named",
        Digest = PolicyDocument.TryParse(Encoding.UTF8.GetBytes(document), out AppraisalPolicy? policy, out _) ? PolicyDocument.Digest(policy) : "sha256:" + new string('0', 64),
        Document = Encoding.UTF8.GetBytes(document),
        StoredAt = Now,
        StoredBy = "alice",
        ActivatedAt = active ? Now : null,
        ActivatedBy = active ? "alice" : null,
        IsActive = active,
    };

    public static ReferenceValue Value(string digest, bool covers = false) => new()
    {
        Digest = digest,
        Name = "OVMF 2024.02, 4 EPYC-v4",
        CoversExecutables = covers,
        AddedAt = Now,
        AddedBy = "alice",
    };

    public static HistoryRecord Record(params StateChange[] changes) => new("policy.stored", Guid.Empty, null, "{}"u8.ToArray()) { Changes = changes };
}
