using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Hosts;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>A node speaks for itself, over TLS with its certificate; each other way is refused by its code alone.</summary>
public sealed class NodeCertificateTests
{
    private const string ClientUse = "1.3.6.1.5.5.7.3.2", ServerUse = "1.3.6.1.5.5.7.3.1";

    [Fact]
    public async Task A_node_reports_for_itself_with_its_certificate()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Issue(Given.Node);
        (int status, _, var body) = await cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        Assert.Equal(200, status);
        Assert.Equal(("pending", 900, 60), ((string)body!["enrolment"]!, (int)body["proof_lifetime"]!, (int)body["interval"]!));
    }

    [Fact]
    public async Task A_certificate_of_another_node_is_refused()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Issue(Given.OtherNode);
        await RefusedAsync(cloud, certificate, HostErrors.CertificateOtherNode);
    }

    [Fact]
    public async Task An_expired_certificate_is_refused_from_the_second_on_that_it_ends()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Issue(Given.Node, lifetime: TimeSpan.FromHours(1));
        Assert.Equal(200, (await cloud.ReportAsync(certificate, Given.Node, Given.Report())).Status);
        cloud.Control.Time.Advance(TimeSpan.FromMinutes(61));
        await RefusedAsync(cloud, certificate, HostErrors.CertificateExpired);
    }

    [Fact]
    public async Task A_certificate_that_begins_later_is_refused()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Issue(Given.Node, at: Given.Now.AddHours(1));
        await RefusedAsync(cloud, certificate, HostErrors.CertificateNotYetValid);
    }

    [Fact]
    public async Task A_certificate_is_refused_by_the_first_request_after_it_was_revoked()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Issue(Given.Node), other = cloud.Issue(Given.OtherNode);
        Assert.Equal(200, (await cloud.ReportAsync(certificate, Given.Node, Given.Report())).Status);
        cloud.Revoke(Given.Node);
        await RefusedAsync(cloud, certificate, HostErrors.CertificateRevoked);
        Assert.Equal(200, (await cloud.ReportAsync(other, Given.OtherNode, Given.Report())).Status);
    }

    [Fact]
    public async Task A_certificate_of_another_CA_is_refused()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        string foreign = Directory.CreateTempSubdirectory("osev-foreign-ca").FullName;
        AuthorityFolder.Create(foreign, Given.Now);
        using X509Certificate2 certificate = cloud.Issue(Given.Node, foreign);
        await RefusedAsync(cloud, certificate, HostErrors.CertificateUntrusted);
        Directory.Delete(foreign, recursive: true);
    }

    [Fact]
    public async Task A_certificate_that_is_not_for_clients_is_refused()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Craft(ServerUse, $"urn:uuid:{Given.Node}");
        await RefusedAsync(cloud, certificate, HostErrors.CertificateWrongPurpose);
    }

    [Fact]
    public async Task A_certificate_that_names_no_node_is_refused()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Craft(ClientUse, uri: null);
        await RefusedAsync(cloud, certificate, HostErrors.CertificateWithoutNode);
    }

    [Fact]
    public async Task Without_a_certificate_and_without_a_token_the_code_asks_for_the_certificate()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        await RefusedAsync(cloud, null, HostErrors.CertificateMissing);
    }

    [Fact]
    public async Task A_user_cannot_report_for_a_node_where_only_certificates_count()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        var body = System.Text.Json.JsonSerializer.SerializeToNode(Given.Report(), OpenStackSev.Api.AttestationJson.Default.HostReport);
        Assert.Equal((401, HostErrors.CertificateMissing.Code), await CodeAsync(cloud.AskAsync(HttpMethod.Put, $"/v1/hosts/{Given.Node}", body, "admin", "service")));
    }

    [Fact]
    public async Task In_a_lab_a_service_user_reports_and_a_reader_does_not()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync(("hosts.allow_service_user", "true"));
        var body = System.Text.Json.JsonSerializer.SerializeToNode(Given.Report(), OpenStackSev.Api.AttestationJson.Default.HostReport);
        Assert.Equal(200, (await cloud.AskAsync(HttpMethod.Put, $"/v1/hosts/{Given.Node}", body, "service")).Status);
        Assert.Equal((403, RequestErrors.Forbidden.Code), await CodeAsync(cloud.AskAsync(HttpMethod.Put, $"/v1/hosts/{Given.Node}", body, "reader")));
    }

    [Fact]
    public async Task While_the_CAs_files_cannot_be_read_no_node_is_believed()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Issue(Given.Node);
        string list = Path.Join(cloud.Authority, "revoked.crl"), aside = list + ".aside";
        File.Move(list, aside);
        await RefusedAsync(cloud, certificate, HostErrors.AuthorityUnavailable);
        File.Move(aside, list);
        Assert.Equal(200, (await cloud.ReportAsync(certificate, Given.Node, Given.Report())).Status);
    }

    [Fact]
    public async Task A_nodes_certificate_opens_nothing_else()
    {
        await using NodeCloud cloud = await NodeCloud.StartAsync();
        using X509Certificate2 certificate = cloud.Issue(Given.Node);
        using HttpClient client = cloud.Client(certificate);
        foreach (string path in new[] { "/v1/hosts", $"/v1/hosts/{Given.Node}", $"/v1/hosts/{Given.Node}/history" })
        {
            using HttpResponseMessage response = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(403, (int)response.StatusCode);
        }
    }

    private static async Task RefusedAsync(NodeCloud cloud, X509Certificate2? certificate, ErrorCode expected)
    {
        (int status, string? code, _) = await cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        Assert.Equal((expected.Status, expected.Code), (status, code));
    }

    private static async Task<(int Status, string? Code)> CodeAsync(Task<(int Status, string? Code, System.Text.Json.Nodes.JsonNode? Body)> asked)
    {
        (int status, string? code, _) = await asked;
        return (status, code);
    }
}
