using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenStackSev.Control.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class HostTrust : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "host_quarantine",
                columns: table => new
                {
                    Node = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Since = table.Column<long>(type: "INTEGER", nullable: true),
                    Reason = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    By = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    ByRule = table.Column<bool>(type: "INTEGER", nullable: false),
                    DisablesService = table.Column<bool>(type: "INTEGER", nullable: false),
                    DisabledService = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_host_quarantine", x => x.Node);
                });

            migrationBuilder.CreateTable(
                name: "host_trust",
                columns: table => new
                {
                    Node = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Level = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    Since = table.Column<long>(type: "INTEGER", nullable: false),
                    JudgedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Result = table.Column<byte[]>(type: "BLOB", maxLength: 32768, nullable: false),
                    ProvenAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ProvenBy = table.Column<byte[]>(type: "BLOB", nullable: true),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    IssuedTraits = table.Column<string>(type: "TEXT", maxLength: 8192, nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_host_trust", x => x.Node);
                });

            migrationBuilder.CreateIndex(
                name: "IX_instance_evidence_ReceivedAt",
                table: "instance_evidence",
                column: "ReceivedAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "host_quarantine");

            migrationBuilder.DropTable(
                name: "host_trust");

            migrationBuilder.DropIndex(
                name: "IX_instance_evidence_ReceivedAt",
                table: "instance_evidence");
        }
    }
}
