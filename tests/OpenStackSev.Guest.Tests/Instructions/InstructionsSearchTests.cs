using System.Net;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Instructions;

/// <summary>Places over real HTTP and in folders, and their order.</summary>
public sealed class InstructionsSearchTests : IAsyncDisposable
{
    private const string Nothing = """{"static":{},"sev":{}}""";
    private readonly LoopbackCloud cloud = new();
    private readonly TemporaryFolder folder = new();
    private readonly MetadataService metadata;

    public InstructionsSearchTests() => metadata = new MetadataService(MetadataService.Transport(), cloud.Metadata, TimeProvider.System);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        metadata.Dispose();
        await cloud.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Vendordata_goes_before_server_metadata_and_the_two_are_never_mixed()
    {
        cloud.Documents["meta_data.json"] = Meta("https://attacker.example.org");
        FoundInstructions found = await FindAsync(metadata);
        Assert.Equal((cloud.Url, Given.Ticket), (found.Instructions.Url, found.Instructions.Ticket));
        cloud.Documents["vendor_data2.json"] = Nothing;
        found = await FindAsync(metadata);
        Assert.Equal((new Uri("https://attacker.example.org"), "theirs"), (found.Instructions.Url, found.Instructions.Ticket));
        Assert.EndsWith("/openstack/latest/meta_data.json", found.Place, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_config_drive_is_the_last_place()
    {
        cloud.Documents["vendor_data2.json"] = Nothing;
        string file = folder.Write("drive/openstack/latest/vendor_data2.json", Vendordata("https://drive.example.org"));
        FoundInstructions found = await FindAsync(metadata, new ConfigDrive(folder.At("drive")));
        Assert.Equal((new Uri("https://drive.example.org"), file), (found.Instructions.Url, found.Place));
    }

    [Theory, InlineData(""), InlineData("/")]
    public async Task A_mounted_file_system_of_label_config_2_is_found_wherever_it_is(string end)
    {
        string root = folder.Path + end;
        folder.Write("dev/sr0", "");
        Directory.CreateDirectory(folder.At("dev/disk/by-label"));
        File.CreateSymbolicLink(folder.At("dev/disk/by-label/config-2"), "../../sr0");
        folder.Write("mnt/a drive/openstack/latest/vendor_data2.json", Vendordata("https://drive.example.org"));
        Assert.Equal(InstructionsCodes.Unreachable, (await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(new ConfigDrive(root: root)))).Code);
        folder.Write("proc/self/mounts", "tmpfs /tmp tmpfs rw 0 0\n/dev/sr0 /mnt/a\\040drive iso9660 ro 0 0\n");
        Assert.Equal(new Uri("https://drive.example.org"), (await FindAsync(new ConfigDrive(root: root))).Instructions.Url);
    }

    [Fact]
    public async Task A_file_may_say_it_all()
    {
        string file = folder.Write("lab.json", Vendordata("https://lab.example.org"));
        Assert.Equal(file, (await FindAsync(new InstructionsFile(file))).Place);
        Assert.Equal(InstructionsCodes.Absent, (await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(new InstructionsFile(folder.At("none"))))).Code);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        cloud.Instead = path => path.EndsWith("elsewhere", StringComparison.Ordinal) ? FakeControlPlane.Json(Vendordata("https://attacker.example.org"))
            : new HttpResponseMessage(HttpStatusCode.Redirect) { Headers = { Location = new Uri(cloud.Metadata, "elsewhere") } };
        InstructionsException failure = await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(metadata));
        Assert.Equal(InstructionsCodes.Unreachable, failure.Code);
        Assert.Contains("it answers 302", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_a_mebibyte_is_not_read()
    {
        cloud.Documents["vendor_data2.json"] = Vendordata("https://x") + new string(' ', InstructionsReading.LargestDocument);
        Assert.Equal(InstructionsCodes.Malformed, (await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(metadata))).Code);
        string file = folder.Write("large.json", Vendordata("https://x") + new string(' ', InstructionsReading.LargestDocument));
        Assert.Equal(InstructionsCodes.Malformed, (await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(new InstructionsFile(file)))).Code);
    }

    [Theory, InlineData(HttpStatusCode.InternalServerError), InlineData(HttpStatusCode.NoContent), InlineData(HttpStatusCode.Forbidden)]
    public async Task A_service_that_fails_is_unreachable_and_the_other_document_is_read(HttpStatusCode status)
    {
        cloud.Documents["meta_data.json"] = Meta("https://attestation.example.org");
        cloud.Instead = path => path.EndsWith("vendor_data2.json", StringComparison.Ordinal) ? new HttpResponseMessage(status) : null;
        Assert.Equal(new Uri("https://attestation.example.org"), (await FindAsync(metadata)).Instructions.Url);
        cloud.Instead = _ => new HttpResponseMessage(status);
        Assert.Equal(InstructionsCodes.Unreachable, (await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(metadata))).Code);
    }

    [Fact]
    public async Task What_is_malformed_is_told_rather_than_what_is_absent()
    {
        cloud.Documents["vendor_data2.json"] = "[";
        Assert.Equal(InstructionsCodes.Malformed, (await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(new ConfigDrive(folder.At("none")), metadata))).Code);
        cloud.Documents["vendor_data2.json"] = Nothing;
        Assert.Equal(InstructionsCodes.Absent, (await Assert.ThrowsAsync<InstructionsException>(() => FindAsync(metadata))).Code);
    }

    private static Task<FoundInstructions> FindAsync(params IMetadataPlace[] places) => new InstructionsSearch(places).FindAsync(Ct);

    private static string Vendordata(string url) => $$$"""{"sev":{"openstack_sev":{"url":"{{{url}}}","ticket":"t","instance":"{{{Given.Instance}}}"} } }""";

    private static string Meta(string url) => $$$"""{"uuid":"{{{Given.Instance}}}","meta":{"openstack_sev_url":"{{{url}}}","openstack_sev_ticket":"theirs"} }""";
}
