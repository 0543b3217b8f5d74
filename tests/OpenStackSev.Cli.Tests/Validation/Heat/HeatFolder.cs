using System.Text.Json;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>Templates, environments and what they name, in a folder of one test's own.</summary>
internal sealed class HeatFolder : IDisposable
{

    /// <summary>A gated server of SEV-SNP as it should be: each test breaks one thing.</summary>
    public const string Good = """
        heat_template_version: wallaby
        resources:
          flavor:
            type: OS::Nova::Flavor
            properties:
              name: snp
              vcpus: 1
              ram: 1024
              disk: 10
              extra_specs: {'hw:mem_encryption': 'true', 'hw:mem_encryption_model': amd-sev-snp, 'hw:cpu_policy': dedicated, 'hw:cpu_thread_policy': isolate}
          image:
            type: OS::Glance::WebImage
            properties:
              name: snp
              location: http://images/snp
              disk_format: raw
              container_format: bare
              extra_properties: {hw_firmware_type: uefi, hw_machine_type: q35, hw_firmware_stateless: 'true', hw_mem_encryption: 'true', hw_mem_encryption_model: amd-sev-snp, hw_video_model: virtio}
          gate:
            type: OS::Heat::WaitConditionHandle
            properties: {signal_transport: HEAT_SIGNAL}
          server:
            type: OS::Nova::Server
            properties:
              flavor: {get_resource: flavor}
              image: {get_resource: image}
              image_update_policy: REPLACE
              flavor_update_policy: REPLACE
              user_data: nothing
              metadata:
                openstack_sev_stack: {get_param: 'OS::stack_id'}
                openstack_sev_gate: gate
          attested:
            type: OS::Heat::WaitCondition
            depends_on: server
            properties: {handle: {get_resource: gate}, timeout: 1800}

        """;

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public void Dispose() => _folder.Dispose();

    public string File(string name, string content)
    {
        string path = _folder.At(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Of a template by itself.</summary>
    public Task<CommandLine> JudgeAsync(string template, params string[] options) => RunAsync(File("template.yaml", template), options);

    public static Task<CommandLine> RunAsync(string path, params string[] options) =>
        CommandLine.RunAsync(["validate", "--heat", path, "--release", "2026.2", "-f", "json", .. options]);

    /// <summary>All codes, of the template and of its pairs, without hints.</summary>
    public static string[] Codes(CommandLine run) => [.. Findings(run).Where(finding => finding.GetProperty("level").GetString() != "hint").Select(finding => finding.GetProperty("code").GetString()!)];

    public static IEnumerable<JsonElement> Findings(CommandLine run) =>
        run.Json().GetProperty("findings").EnumerateArray().Concat(run.Json().GetProperty("pairs").EnumerateArray().SelectMany(pair => pair.GetProperty("findings").EnumerateArray()));

    public static string[] NotJudged(CommandLine run) => [.. run.Json().GetProperty("not_judged").EnumerateArray().Select(text => text.GetString()!)];

    public static IEnumerable<string> AllCodes() => TemplateRules.All.Select(rule => rule.Code);
}
