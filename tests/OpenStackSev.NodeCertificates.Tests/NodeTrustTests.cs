using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.NodeCertificates.Tests;

public sealed class NodeTrustTests : IDisposable
{
    private readonly GivenAuthority ca = new();

    public void Dispose() => ca.Dispose();

    [Fact]
    public void A_certificate_speaks_for_the_node_that_it_was_issued_to()
    {
        IssuedCertificate issued = ca.Issue();
        NodeJudgement judged = ca.Trust().Judge(issued.Bytes, GivenAuthority.Now);
        Assert.Equal((NodeRefusal.None, GivenAuthority.Node, issued.Serial), (judged.Refusal, judged.Node, judged.Serial));
    }

    [Fact]
    public void A_certificate_of_another_CA_is_untrusted_also_when_that_CA_bears_the_same_name()
    {
        using var other = new GivenAuthority();
        Assert.Equal(NodeRefusal.Untrusted, ca.Trust().Judge(other.Issue().Bytes, GivenAuthority.Now).Refusal);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var own = X509Certificate2.CreateFromPem(File.ReadAllText(ca.File("ca.pem")));
        var request = new CertificateRequest("CN=forged", key, HashAlgorithmName.SHA384);
        using X509Certificate2 forged = request.Create(own.SubjectName, X509SignatureGenerator.CreateForECDsa(key), GivenAuthority.Now.AddDays(-1), GivenAuthority.Now.AddDays(1), [1]);
        Assert.Equal(NodeRefusal.Untrusted, ca.Trust().Judge(forged.RawData, GivenAuthority.Now).Refusal);
    }

    [Fact]
    public void A_certificate_that_a_nodes_certificate_signed_is_untrusted()
    {
        using var nodeKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using AuthorityFolder folder = AuthorityFolder.Open(ca.Path);
        using X509Certificate2 node = X509CertificateLoader.LoadCertificate(
            folder.Issue(GivenAuthority.Node, NodeCertificateRequest.Of(nodeKey), GivenAuthority.Now, GivenAuthority.Year).Bytes);
        var request = new CertificateRequest("CN=below", nodeKey, HashAlgorithmName.SHA384);
        using X509Certificate2 below = request.Create(node.SubjectName, X509SignatureGenerator.CreateForECDsa(nodeKey), GivenAuthority.Now.AddDays(-1), GivenAuthority.Now.AddDays(1), [1]);
        Assert.Equal(NodeRefusal.Untrusted, ca.Trust().Judge(below.RawData, GivenAuthority.Now).Refusal);
    }

    [Theory]
    [InlineData(-10, NodeRefusal.NotYetValid)]
    [InlineData(0, NodeRefusal.None)]
    [InlineData(366, NodeRefusal.Expired)]
    public void A_certificate_is_believed_within_its_dates(int days, NodeRefusal expected)
    {
        byte[] issued = ca.Issue().Bytes;
        Assert.Equal(expected, ca.Trust().Judge(issued, GivenAuthority.Now.AddDays(days)).Refusal);
        NodeTrust trust = ca.Trust();
        Assert.Equal(expected, trust.Again(trust.Judge(issued, GivenAuthority.Now), GivenAuthority.Now.AddDays(days)).Refusal);
    }

    [Fact]
    public void A_revoked_certificate_is_refused_and_the_others_are_not()
    {
        IssuedCertificate revoked = ca.Issue(), kept = ca.Issue();
        NodeJudgement before = ca.Trust().Judge(revoked.Bytes, GivenAuthority.Now);
        ca.Revoke(revoked.Serial);
        Assert.Equal(NodeRefusal.Revoked, ca.Trust().Judge(revoked.Bytes, GivenAuthority.Now).Refusal);
        Assert.Equal(NodeRefusal.Revoked, ca.Trust().Again(before, GivenAuthority.Now).Refusal);
        Assert.Equal(NodeRefusal.None, ca.Trust().Judge(kept.Bytes, GivenAuthority.Now).Refusal);
    }

    [Theory]
    [InlineData("1.3.6.1.5.5.7.3.1")] // serverAuth
    [InlineData(null)]
    public void A_certificate_that_is_not_for_TLS_clients_is_refused(string? usage) =>
        Assert.Equal(NodeRefusal.WrongPurpose, ca.Trust().Judge(ca.Signed(Uuid, usage), GivenAuthority.Now).Refusal);

    [Fact]
    public void A_CA_certificate_is_no_nodes()
    {
        Assert.Equal(NodeRefusal.WrongPurpose, ca.Trust().Judge(ca.Signed(Uuid, isAuthority: true), GivenAuthority.Now).Refusal);
        Assert.Equal(NodeRefusal.WrongPurpose, ca.Trust().Judge(AuthorityFolder.ReadPublic(ca.Path).Certificate, GivenAuthority.Now).Refusal);
    }

    public static TheoryData<string> NamesOfNoNode => ["none", "dns", "two nodes", "node and dns", "other scheme", "braces", "other urn"];

    [Theory, MemberData(nameof(NamesOfNoNode))]
    public void A_certificate_names_exactly_one_node(string names)
    {
        Action<SubjectAlternativeNameBuilder>? build = names switch
        {
            "none" => null,
            "dns" => san => san.AddDnsName(GivenAuthority.Node.ToString()),
            "two nodes" => Uuid + (Action<SubjectAlternativeNameBuilder>)(san => san.AddUri(new Uri($"urn:uuid:{Guid.NewGuid():D}"))),
            "node and dns" => Uuid + (Action<SubjectAlternativeNameBuilder>)(san => san.AddDnsName("compute1")),
            "other scheme" => san => san.AddUri(new Uri($"uuid:{GivenAuthority.Node:D}")),
            "braces" => san => san.AddUri(new Uri($"urn:uuid:{GivenAuthority.Node:N}")),
            _ => san => san.AddUri(new Uri($"urn:node:{GivenAuthority.Node:D}")),
        };
        Assert.Equal(NodeRefusal.WithoutNode, ca.Trust().Judge(ca.Signed(build), GivenAuthority.Now).Refusal);
    }

    [Fact]
    public void What_another_library_made_with_the_CAs_key_is_read_alike() =>
        Assert.Equal((NodeRefusal.None, GivenAuthority.Node), ca.Trust().Judge(ca.Signed(Uuid), GivenAuthority.Now) is var judged ? (judged.Refusal, judged.Node) : default);

    [Fact]
    public void Any_changed_byte_of_a_certificate_is_refused_and_none_throws()
    {
        byte[] issued = ca.Issue().Bytes;
        NodeTrust trust = ca.Trust();
        for (int i = 0; i < issued.Length; i++)
        {
            byte[] changed = [.. issued];
            changed[i] ^= 0x01;
            Assert.True(trust.Judge(changed, GivenAuthority.Now).Refusal != NodeRefusal.None, $"byte {i} is ignored");
        }

        Assert.Equal(NodeRefusal.Untrusted, trust.Judge([], GivenAuthority.Now).Refusal);
        Assert.Equal(NodeRefusal.Untrusted, trust.Judge(issued[..^1], GivenAuthority.Now).Refusal);
    }

    [Fact]
    public void A_revocation_list_of_another_CA_is_not_believed()
    {
        using var other = new GivenAuthority();
        byte[] foreign = AuthorityFolder.ReadPublic(other.Path).Revocations;
        Assert.False(NodeTrust.TryRead(AuthorityFolder.ReadPublic(ca.Path).Certificate, foreign, out _, out string? problem));
        Assert.Equal("the revocation list is not signed by this CA", problem);
    }

    [Fact]
    public void Trust_needs_a_CA_certificate_and_a_list_that_can_be_read()
    {
        (byte[] certificate, byte[] revocations) = AuthorityFolder.ReadPublic(ca.Path);
        Assert.False(NodeTrust.TryRead(ca.Issue().Bytes, revocations, out _, out string? problem));
        Assert.Equal("the certificate is not a CA's", problem);
        Assert.False(NodeTrust.TryRead(certificate, [1, 2, 3], out _, out problem));
        Assert.StartsWith("the CA's certificate or its revocation list is malformed", problem, StringComparison.Ordinal);
    }

    private static void Uuid(SubjectAlternativeNameBuilder san) => san.AddUri(new Uri($"urn:uuid:{GivenAuthority.Node:D}"));
}
