namespace OpenStackSev.Validation.Tests;

public sealed class RequestRulesTests
{
    [Fact]
    public void An_encrypted_request_without_uefi_is_refused_with_a_command_that_mends_it()
    {
        FlavorSpec flavor = new("sev", "1", new Dictionary<string, string> { ["hw:mem_encryption"] = "true" });
        ImageSpec image = new("it's", null, new Dictionary<string, string>());
        Finding finding = Assert.Single(RequestRules.Check(flavor, image, ComputeRelease.Zed), f => f.Code == "request.firmware.not_uefi");
        Assert.Equal(@"openstack image set --property hw_firmware_type=uefi 'it'\''s'", finding.Fix);
    }
}
