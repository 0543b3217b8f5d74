using OpenStackSev.Api.Attestation;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Instructions;

public sealed class InstructionsReadingTests
{
    private const string Good = """{"url":"https://attestation.example.org:9520","ticket":"tkt-4mXw9qLr7vHc2NfS8bKd","instance":"7f9a1f2e-0d0c-4d5b-9a54-3e1b2c3d4e5f"}""";

    [Theory]
    [InlineData("""{"static":{},"sev":{"openstack_sev":GOOD}}""")]
    [InlineData("""{"whatever the operator says":{"openstack_sev":GOOD,"more":1},"list":[1],"text":"x","nothing":null}""")]
    [InlineData("""{"openstack_sev":GOOD}""")]
    [InlineData("""{"a":{"openstack_sev":null},"b":{"openstack_sev":GOOD}}""")]
    public void Vendordata_is_found_below_any_target(string document) =>
        Assert.Equal(Given.Instructions, InstructionsReading.OfVendordata(Given.Text(document.Replace("GOOD", Good, StringComparison.Ordinal)), "here"));

    [Theory]
    [InlineData("{}"), InlineData("""{"static":{},"sev":{}}"""), InlineData("""{"sev":{"openstack_sev":null}}"""), InlineData("""{"sev":["openstack_sev"]}""")]
    public void Without_our_part_there_are_none(string document) => Assert.Null(InstructionsReading.OfVendordata(Given.Text(document), "here"));

    [Theory]
    [InlineData(""), InlineData("["), InlineData("[]"), InlineData("\"openstack_sev\""), InlineData("<html>"), InlineData("""{"sev":{"openstack_sev":7}}""")]
    [InlineData("""{"a":{"openstack_sev":GOOD},"b":{"openstack_sev":GOOD}}""")]
    [InlineData("""{"sev":{"openstack_sev":{}}}""")]
    [InlineData("""{"sev":{"openstack_sev":{"url":null,"ticket":"t","instance":"7f9a1f2e-0d0c-4d5b-9a54-3e1b2c3d4e5f"}}}""")]
    [InlineData("""{"sev":{"openstack_sev":{"url":"https://x","ticket":"t","instance":"not a uuid"}}}""")]
    [InlineData("""{"sev":{"openstack_sev":{"url":"https://x","ticket":"t","instance":"00000000-0000-0000-0000-000000000000"}}}""")]
    public void What_is_not_ours_to_understand_is_malformed(string document) => Malformed(document.Replace("GOOD", Good, StringComparison.Ordinal));

    [Theory]
    [InlineData("file:///etc/shadow"), InlineData("ftp://host/"), InlineData("/relative"), InlineData("https://user:secret@host/"), InlineData("https://host/?q=1")]
    [InlineData("https://host/#f"), InlineData("gopher://host"), InlineData("https://")]
    public void Only_plain_http_URLs_are_asked(string url) => Malformed(With("url", url));

    [Theory]
    [InlineData(""), InlineData("two words"), InlineData("line\\r\\nX-Auth-Token: y"), InlineData("tab\\t"), InlineData("ünï"), InlineData("nul\\u0000")]
    public void A_ticket_that_could_leave_its_header_is_refused(string ticket) => Malformed(With("ticket", ticket));

    [Fact]
    public void A_ticket_and_a_document_have_a_largest_size()
    {
        Assert.NotNull(InstructionsReading.OfVendordata(Given.Text(With("ticket", new string('t', 255))), "here"));
        Malformed(With("ticket", new string('t', 256)));
        Malformed(With("url", "https://" + new string('h', 2000)));
        Malformed(new string(' ', InstructionsReading.LargestDocument) + "{}");
        Malformed(string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100));
    }

    [Theory, InlineData("no pem"), InlineData("-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"), InlineData("")]
    public void Authorities_that_cannot_be_read_are_refused(string ca) => Malformed(With("ca", ca));

    [Fact]
    public void Authorities_are_taken_from_PEM()
    {
        string pem = Given.Authority.Ark.CertificatePem.ReplaceLineEndings("\\n");
        GuestInstructions found = InstructionsReading.OfVendordata(Given.Text(With("ca", pem)), "here")!;
        Assert.Single(InstructionsReading.Authorities(found.Ca!, "here"));
    }

    [Fact]
    public void Server_metadata_has_URL_and_ticket_or_nothing_of_ours()
    {
        const string Document = """{"uuid":"7f9a1f2e-0d0c-4d5b-9a54-3e1b2c3d4e5f","meta":{"openstack_sev_url":"https://attestation.example.org:9520","openstack_sev_ticket":"tkt-4mXw9qLr7vHc2NfS8bKd"}}""";
        Assert.Equal(Given.Instructions, InstructionsReading.OfServerMetadata(Given.Text(Document), "here"));
        Assert.Null(InstructionsReading.OfServerMetadata(Given.Text("""{"uuid":"x","meta":{"role":"web"}}"""), "here"));
        Assert.Null(InstructionsReading.OfServerMetadata(Given.Text("""{"uuid":"x"}"""), "here"));
        foreach (string broken in new[] { Document.Replace("openstack_sev_url", "other", StringComparison.Ordinal), Document.Replace("openstack_sev_ticket", "other", StringComparison.Ordinal),
            Document.Replace("uuid", "id", StringComparison.Ordinal), Document.Replace("https://attestation.example.org:9520", "no url", StringComparison.Ordinal) })
        {
            Assert.Equal(InstructionsCodes.Malformed, Assert.Throws<InstructionsException>(() => InstructionsReading.OfServerMetadata(Given.Text(broken), "here")).Code);
        }
    }

    [Theory]
    [InlineData("\"5\"", 5UL), InlineData("\"18446744073709551615\"", ulong.MaxValue), InlineData("\"18446744073709551616\"", null), InlineData("\"-1\"", null)]
    [InlineData("\"five\"", null), InlineData("5", null), InlineData("\"\"", null), InlineData("null", null), InlineData("\" 5\"", null)]
    public void A_nudge_is_a_decimal_counter(string value, ulong? expected) =>
        Assert.Equal(expected, InstructionsReading.NudgeOf(Given.Text($$$"""{"meta":{"openstack_sev_nudge":{{{value}}}}}"""), "here"));

    [Fact]
    public void No_message_quotes_what_it_complains_about()
    {
        string quoting = "{\"openstack_sev\":{\"" + Given.Ticket + "\":\"" + Given.Ticket + "\"}}";
        foreach (string document in new[] { Given.Ticket, With("ticket", Given.Ticket + " x"), quoting })
            Assert.DoesNotContain(Given.Ticket, Assert.Throws<InstructionsException>(() => InstructionsReading.OfVendordata(Given.Text(document), "here")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Given.Ticket, Given.Instructions.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Given.Ticket, new FoundInstructions(Given.Instructions, "here").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Given.Ticket, new VendordataAnswer(Given.Instructions).ToString(), StringComparison.Ordinal);
    }

    private static string With(string key, string value)
    {
        Dictionary<string, string> fields = new()
        {
            ["url"] = "https://attestation.example.org:9520",
            ["ticket"] = Given.Ticket,
            ["instance"] = Given.Instance.ToString(),
            [key] = value,
        };
        return "{\"sev\":{\"openstack_sev\":{" + string.Join(',', fields.Select(field => $"\"{field.Key}\":\"{field.Value}\"")) + "}}}";
    }

    private static void Malformed(string document)
    {
        InstructionsException refused = Assert.Throws<InstructionsException>(() => InstructionsReading.OfVendordata(Given.Text(document), "here"));
        Assert.Equal(InstructionsCodes.Malformed, refused.Code);
        Assert.StartsWith("here: ", refused.Message, StringComparison.Ordinal);
    }
}
