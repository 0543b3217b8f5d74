using System.Text;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Endorsements;

/// <summary>Bytes that were made to mislead or to exhaust a reader.</summary>
public sealed class HostileBytesTests
{
    [Fact]
    public void A_table_with_PEM_in_an_entry_brings_no_root()
    {
        byte[] pem = Encoding.ASCII.GetBytes(Given.Milan.Ark.CertificatePem);
        byte[] table = SimulatedCertificateTable.Encode([new(SimulatedCertificateTable.Crl, pem)]);
        EndorsementBundle bundle = EndorsementBundle.Of(table, "table");
        Assert.Empty(bundle.Authorities);
        Assert.Single(bundle.Findings);
        Assert.Single(EndorsementBundle.Of(pem, "file").Roots);
    }
}
